//! One run: the world, what is under way in it, what is known of it, and the loop that takes the steps.

use std::future::Future;
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use domain::access::Caller;
use domain::event::{Notice, Queue};
use domain::time::Timestamp;
use fastrand::Rng;
use memory::Faults;
use ports::blobs::BlobKey;
use ports::clock::Clock as _;
use ports::queues::Received;

use super::intents::{Clients, Sent};
use super::plan::Plan;
use super::reads::Reading;
use super::sockets::{self, Listener};
use super::webhooks;
use super::{Figures, Options};
use crate::answer::Answer;
use crate::invariants::{self, Books, Holds};
use crate::late::LateCall;
use crate::stream::{Consumer, Record};
use crate::tasks::Tasks;
use crate::worker::Fate;
use crate::world::{Setup, World};

/// What is so late never arrives.
const LATE_MAX: Duration = Duration::from_secs(60);

/// What an instance is doing.
#[derive(Debug)]
pub(super) enum Doing {
    Call(Sent),
    Read(Reading),
    Stream(Consumer, Vec<Record>),
    Work(Queue, Vec<Notice>),
    Sweep,
    Wake,
    /// A client connects, speaks, or is cut off.
    Listen(String),
    Verify,
    /// The provider tells of the charge of a key.
    Told(String),
    /// A client deletes a file, or changes or deletes a schedule.
    Changing(String),
    /// A client attaches a file to an order, or detaches it.
    Attaching(String),
    /// files-ingest looks at uploads.
    Ingest(Vec<BlobKey>),
    LogOut(Box<Caller>),
    /// A tenant changes its providers.
    Connect(String),
    /// A call that arrives when its caller has long given up.
    Late(&'static str),
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Ended {
    Answered(Answer),
    Streamed(bool),
    Worked(Vec<Fate>),
    Verified { is_sound: bool, told: String },
    Quietly,
}

#[derive(Debug)]
struct Running {
    doing: Doing,
    started_at: Timestamp,
    /// By how much the instance's clock is ahead.
    ahead_ms: i64,
}

impl Running {
    /// The template's time-outs: an instance that takes longer is killed.
    fn is_over(&self, now: Timestamp) -> bool {
        let seconds = match self.doing {
            Doing::Call(_)
            | Doing::Listen(_)
            | Doing::Read(_)
            | Doing::Told(_)
            | Doing::Changing(_)
            | Doing::Attaching(_)
            | Doing::LogOut(_)
            | Doing::Connect(_) => 10,
            Doing::Late(_) => LATE_MAX.as_secs(),
            Doing::Work(Queue::Webhooks, _) => 120,
            Doing::Work(Queue::Realtime, _) => 60,
            Doing::Stream(..) | Doing::Work(..) | Doing::Ingest(_) => 30,
            Doing::Sweep | Doing::Wake => 55,
            Doing::Verify => 300,
        };
        now.since(self.started_at) >= Duration::from_secs(seconds)
    }
}

pub(super) struct Run {
    pub world: Rc<World>,
    pub random: Rng,
    pub books: Books,
    pub clients: Clients,
    pub listeners: Vec<Listener>,
    /// Messages that were received, for showing them again.
    pub hidden: Vec<(Queue, Received)>,
    pub flushed_at: Option<Timestamp>,
    pub figures: Figures,
    late: Vec<(Timestamp, LateCall)>,
    tasks: Tasks<'static, Running, Ended>,
    plan: Plan,
    options: Options,
    changes: usize,
    started_at: Timestamp,
    trace: Vec<String>,
}

impl Run {
    pub(super) fn new(options: Options) -> Self {
        let Options { seed, rewire, .. } = options;
        let mut random = Rng::with_seed(seed);
        let world = World::of(Setup { seed, faults: Faults::seeded(seed), rewire, ..Setup::default() });
        let clients = Clients::of(&world);
        let tenants = clients.callers.iter().map(|caller| caller.tenant).collect();
        webhooks::plant(&world, &tenants);
        Self {
            plan: Plan::of(&mut random, &world),
            started_at: world.clock.now(),
            world: Rc::new(world),
            random,
            books: Books::default(),
            clients,
            listeners: sockets::of(&tenants),
            hidden: Vec::new(),
            flushed_at: None,
            figures: Figures::default(),
            late: Vec::new(),
            tasks: Tasks::default(),
            options,
            changes: 0,
            trace: Vec::new(),
        }
    }

    pub(super) fn take_all_steps(&mut self) -> Holds {
        self.begin_with_providers();
        for _ in 0..self.options.steps {
            self.figures.steps += 1;
            let action = self.plan.next(&mut self.random);
            self.act(action)?;
            for _ in 0..self.random.usize(..self.plan.polls_max) {
                self.poll_any()?;
            }
            while self.tasks.len() > self.plan.running_max {
                self.poll_any()?;
            }
            self.look()?;
            self.read_sockets()?;
        }
        self.come_to_rest()
    }

    pub(super) fn told(self) -> (Figures, Vec<String>) {
        let Self { figures, trace, .. } = self;
        (figures, trace)
    }

    /// For who reads the run; without a trace nothing is put into words.
    pub(super) fn tell(&mut self, line: impl FnOnce() -> String) {
        if !self.options.trace {
            return;
        }
        let at_ms = self.world.clock.now().since(self.started_at).as_millis();
        let (step, line) = (self.figures.steps, line());
        self.trace.push(format!("{step:>4} {:>6}.{:03} s  {line}", at_ms / 1_000, at_ms % 1_000));
    }

    /// On an instance whose clock is as wrong as the plan lets it be.
    pub(super) fn start(&mut self, doing: Doing, future: impl Future<Output = Ended> + 'static) {
        self.tell(|| format!("begins: {}", described(&doing)));
        let started_at = self.world.clock.now();
        let ahead_ms = self.random.i64(-self.plan.skew_ms_max..=self.plan.skew_ms_max);
        self.tasks.start(Running { doing, started_at, ahead_ms }, future);
    }

    /// One of the calls that are on their way arrives.
    pub(super) fn let_one_arrive(&mut self) {
        if !self.late.is_empty() {
            let (_, LateCall { operation, call }) = self.late.swap_remove(self.random.usize(..self.late.len()));
            self.start(Doing::Late(operation), async move {
                call.await;
                Ended::Quietly
            });
        }
    }

    pub(super) fn kill_one(&mut self) {
        if !self.tasks.is_empty() {
            let index = self.random.usize(..self.tasks.len());
            self.kill(index);
        }
    }

    pub(super) fn pass_some(&mut self, time: Range<Duration>) {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let time = Duration::from_millis(self.random.u64(ms(time.start)..ms(time.end)));
        let now = self.world.clock.advance(time);
        self.tell(|| format!("{} s pass", time.as_secs()));
        self.world.store.catch_up();
        self.late.retain(|(sent_at, _)| now.since(*sent_at) < LATE_MAX);
        while let Some(index) = self.tasks.position(|running| running.is_over(now)) {
            self.kill(index);
        }
    }

    /// Nothing is under way any more, nor on its way.
    pub(super) fn finish_all(&mut self) -> Holds {
        while !self.tasks.is_empty() || !self.late.is_empty() {
            self.let_one_arrive();
            self.poll_any()?;
        }
        self.look()
    }

    /// Follows the changes there are and looks at what they concern, or at all; and at what the provider has done.
    pub(super) fn look(&mut self) -> Holds {
        let changes = self.world.changes();
        if !changes.is_empty() {
            let touched = self.books.follow(&changes)?;
            self.changes += 1;
            if self.changes.is_multiple_of(self.options.look_at_all_each) {
                self.look_at_all()?;
            } else {
                invariants::of_touched(&self.world, &self.books, &touched)?;
            }
        }
        invariants::of_provider(&self.world, &self.books)
    }

    pub(super) fn look_at_all(&self) -> Holds {
        self.nobody_hears_of_another()?;
        invariants::of_all(&self.world, &self.books)
    }

    fn poll_any(&mut self) -> Holds {
        if self.tasks.is_empty() {
            return Ok(());
        }
        let index = self.random.usize(..self.tasks.len());
        let ended = self.poll(index);
        self.look()?;
        let Some((Running { doing, .. }, ended)) = ended else { return Ok(()) };
        self.tell(|| format!("ended: {}: {}", described(&doing), outcome(&ended)));
        match (doing, ended) {
            (Doing::Call(sent), Ended::Answered(answer)) => self.heard(sent, answer),
            (Doing::Read(reading), Ended::Answered(answer)) => self.has_read(&reading, &answer),
            (Doing::Attaching(asked), Ended::Answered(answer)) => self.has_attached(&asked, &answer),
            (Doing::LogOut(caller), Ended::Answered(answer)) => self.has_left(*caller, &answer),
            (Doing::Stream(consumer, batch), Ended::Streamed(false)) => {
                self.world.stream.borrow_mut().of(consumer).extend(batch);
                Ok(())
            }
            (Doing::Ingest(uploads), Ended::Streamed(false)) => {
                self.world.uploads.borrow_mut().extend(uploads);
                Ok(())
            }
            (Doing::Verify, Ended::Verified { is_sound: false, told }) => {
                Err(format!("a sound ledger is called wrong: {told}"))
            }
            _ => Ok(()),
        }
    }

    /// What was given up just now is late from now on.
    pub(super) fn see_late_calls(&mut self) {
        let now = self.world.clock.now();
        for call in self.world.late.take() {
            self.tell(|| format!("on its way, given up by its caller: {}", call.operation));
            self.late.push((now, call));
        }
    }

    /// Polls as the instance sees the world; one that dies of it is gone.
    fn poll(&mut self, index: usize) -> Option<(Running, Ended)> {
        self.world.instance.set_ahead_ms(self.tasks.label(index).ahead_ms);
        self.world.faults.let_die(true);
        let ended = self.tasks.poll(index);
        self.world.faults.let_die(false);
        self.world.instance.set_ahead_ms(0);
        for (operation, fault) in self.world.faults.take_struck() {
            self.tell(|| format!("{fault:?}: {operation}"));
        }
        self.see_late_calls();
        if self.world.faults.has_died() && ended.is_none() {
            self.kill(index);
        }
        ended
    }

    fn kill(&mut self, index: usize) {
        let Running { doing, .. } = self.tasks.kill(index);
        self.figures.deaths += 1;
        self.tell(|| format!("dies: {}", described(&doing)));
        match doing {
            Doing::Stream(consumer, batch) => self.world.stream.borrow_mut().of(consumer).extend(batch),
            Doing::Ingest(uploads) => self.world.uploads.borrow_mut().extend(uploads),
            _ => {}
        }
    }
}

fn described(doing: &Doing) -> String {
    match doing {
        Doing::Call(sent) => format!("{sent:?}"),
        Doing::Read(reading) => format!("{reading:?}"),
        Doing::Stream(consumer, batch) => format!("{consumer:?} of {}", batch.len()),
        Doing::Work(queue, notices) => {
            let subjects: Vec<&str> = notices.iter().map(|notice| notice.subject.as_str()).collect();
            format!("{queue:?} worker on {}", subjects.join(", "))
        }
        Doing::Sweep => "the sweep".to_owned(),
        Doing::Listen(socket) => socket.clone(),
        Doing::Wake => "the look for webhooks that are due".to_owned(),
        Doing::Told(key) => format!("the provider tells of {key}"),
        Doing::Changing(id) => format!("the change of {id}"),
        Doing::Ingest(uploads) => format!("files-ingest on {}", uploads.len()),
        Doing::Verify => "the verification of a ledger".to_owned(),
        Doing::LogOut(caller) => format!("the end of session {:?}", caller.session),
        Doing::Connect(ask) | Doing::Attaching(ask) => ask.clone(),
        Doing::Late(operation) => format!("a late {operation}"),
    }
}

fn outcome(ended: &Ended) -> String {
    match ended {
        Ended::Answered(answer) => format!("{} {}{}", answer.status, answer.id(), answer.code()),
        Ended::Streamed(taken) => if *taken { "taken" } else { "not taken" }.to_owned(),
        Ended::Worked(fates) => format!("{fates:?}"),
        Ended::Verified { is_sound, told: _ } => if *is_sound { "sound" } else { "not sound" }.to_owned(),
        Ended::Quietly => "done".to_owned(),
    }
}
