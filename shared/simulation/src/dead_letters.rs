//! Dead letters: how they come about, and the real steps of the function that keeps them.

use domain::access::Caller;
use domain::dead_letter::{About, Burial};
use domain::event::{EventType, Notice, Queue};
use domain::ids::PaymentId;
use memory::DeadLetter;
use ports::PortError;
use ports::queues::Queues as _;
use serde_json::Value;

use crate::tasks::run;
use crate::world::World;

impl World {
    fn keeping(&self) -> dead_letters_keep::Deps<'_> {
        dead_letters_keep::Deps { mint: self.mint(), stores: self.dead_letters() }
    }

    /// What workers have buried of a queue, and what was received in vain too often, comes into the table. How many were kept;
    /// what could not be comes again.
    pub fn keep_dead_letters(&self, queue: Queue) -> usize {
        let mut kept = 0;
        for (body, letter) in self.queues.take_dead_letters(queue) {
            let DeadLetter { notice, reason } = &letter;
            let about = Some(About::from(notice));
            let receive_count = reason.as_ref().map(|_| 1);
            let burial = Burial { queue, body, about, reason: reason.clone(), receive_count };
            match run(dead_letters_keep::keep(self.keeping(), &burial)) {
                Ok(()) => kept += 1,
                Err(_) => self.queues.put_back(queue, letter),
            }
        }
        kept
    }

    /// What an operator asks of the letters of all tenants.
    pub fn ask_keeper(&self, question: &Value) -> Result<Value, PortError> {
        run(self.asking_keeper(question))
    }

    pub async fn asking_keeper(&self, question: &Value) -> Result<Value, PortError> {
        dead_letters_keep::answer(self.keeping(), question).await
    }

    /// A message about a payment that nobody knows: its worker buries it. The letter's id.
    pub fn dead_letter(&self, caller: &Caller) -> String {
        self.dead_letter_of(Queue::Payments, caller)
    }

    /// The same in the queue of another worker, that knows no such message either.
    pub fn dead_letter_of(&self, queue: Queue, caller: &Caller) -> String {
        let subject = self.id::<PaymentId>().to_string();
        let notice =
            Notice { event: self.id(), tenant: caller.tenant, kind: EventType::PaymentCreated, subject, trace: None };
        let subject = notice.subject.clone();
        run(self.queues.send(queue, &[notice])).expect("nothing fails");
        self.work(queue);
        assert_eq!(self.keep_dead_letters(queue), 1);
        let letters = self.store.contents().dead_letters;
        let letter = letters.iter().find(|letter| letter.subject.as_ref() == Some(&subject));
        letter.map(|letter| letter.id.to_string()).expect("it was kept")
    }
}
