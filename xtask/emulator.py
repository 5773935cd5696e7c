"""Starts MiniStack 1.5.33 with repairs where it differs from AWS: its import of an API definition leaves out the `any` method
and gateway responses; it asks for SQS permissions that do not exist (`sqs:SendMessageBatch`; AWS asks for `sqs:SendMessage`);
and it keeps how far a table's stream has been read across a restart, but not the stream, so that consumers would pass over
as many new records as they had read before. What the stream still held at a restart is found by the sweeper. And its tables
are Python objects, which a full garbage collection walks one by one while nobody is answered: up to 2.7 s seen.

`cargo xtask up` writes this file beside the emulator's state and runs it with the Python of .coffer/venv.
"""

import gc
import socketserver

# Nagle's algorithm and delayed acknowledgements cost each call of a function 44 ms otherwise.
socketserver.StreamRequestHandler.disable_nagle_algorithm = True

# Young garbage as before, in larger lots; what has grown old is data, and stays.
gc.set_threshold(10_000, 50, 1_000_000)

from ministack.app import main  # noqa: E402
from ministack.core import iam_actions  # noqa: E402
from ministack.services import apigateway_v1 as gateway  # noqa: E402
from ministack.services import lambda_svc  # noqa: E402

ANY_METHOD = "x-amazon-apigateway-any-method"
GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"

extract_iam_action = iam_actions.extract_iam_action
import_path_item = gateway._import_path_item
import_rest_api = gateway._import_rest_api
restore_lambda_state = lambda_svc._restore_state


def extract_iam_action_without_batches(service, *request):
    action = extract_iam_action(service, *request)
    return action.removesuffix("Batch") if service == "sqs" and action else action


def import_path_item_with_any(api_id, path, path_item, scheme_map=None, default_security=None):
    import_path_item(api_id, path, path_item, scheme_map, default_security)
    operation = path_item.get(ANY_METHOD)
    if operation is not None:
        resources = gateway._resources[api_id].items()
        resource_id = next(resource_id for resource_id, resource in resources if resource["path"] == path)
        gateway._import_operation(api_id, resource_id, "ANY", operation, scheme_map, default_security)


def import_rest_api_with_gateway_responses(spec, base_data=None):
    api_id = import_rest_api(spec, base_data)
    for response_type, response in (spec.get(GATEWAY_RESPONSES) or {}).items():
        gateway._put_gateway_response(api_id, response_type, response)
    return api_id


def restore_lambda_state_without_stream_positions(data):
    restore_lambda_state({**(data or {}), "dynamodb_stream_positions": {}})


lambda_svc._restore_state = restore_lambda_state_without_stream_positions
iam_actions.extract_iam_action = extract_iam_action_without_batches
gateway._import_path_item = import_path_item_with_any
gateway._import_rest_api = import_rest_api_with_gateway_responses

main()
