//! One run: the world, what is under way in it, what is known of it, and the loop that takes the steps.

use std::future::Future;
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use domain::event::{Notice, Queue};
use domain::time::Timestamp;
use fastrand::Rng;
use memory::Faults;
use ports::clock::Clock as _;
use ports::queues::Received;

use super::intents::{Clients, Sent};
use super::plan::Plan;
use super::reads::Reading;
use super::{Figures, Options};
use crate::answer::Answer;
use crate::invariants::{self, Books, Holds};
use crate::stream::{Consumer, Record};
use crate::tasks::Tasks;
use crate::worker::Fate;
use crate::world::{Setup, World};

/// What an instance is doing.
#[derive(Debug)]
pub(super) enum Doing {
    Call(Sent),
    Read(Reading),
    Stream(Consumer, Vec<Record>),
    Work(Queue, Vec<Notice>),
    Sweep,
    Verify,
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
}

impl Running {
    /// The template's time-outs: an instance that takes longer is killed.
    fn is_over(&self, now: Timestamp) -> bool {
        let seconds = match self.doing {
            Doing::Call(_) | Doing::Read(_) => 10,
            Doing::Stream(..) | Doing::Work(..) => 30,
            Doing::Sweep => 55,
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
    /// Messages that were received, for showing them again.
    pub hidden: Vec<(Queue, Received)>,
    pub flushed_at: Option<Timestamp>,
    pub figures: Figures,
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
        let world = World::of(Setup { seed, faults: Faults::seeded(seed), rewire });
        let clients = Clients::of(&world);
        Self {
            plan: Plan::of(&mut random, &world),
            started_at: world.clock.now(),
            world: Rc::new(world),
            random,
            books: Books::default(),
            clients,
            hidden: Vec::new(),
            flushed_at: None,
            figures: Figures::default(),
            tasks: Tasks::default(),
            options,
            changes: 0,
            trace: Vec::new(),
        }
    }

    pub(super) fn take_all_steps(&mut self) -> Holds {
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
        }
        self.come_to_rest()
    }

    pub(super) fn told(self) -> (Figures, Vec<String>) {
        let Self { figures, trace, .. } = self;
        (figures, trace)
    }

    pub(super) fn tell(&mut self, line: impl FnOnce() -> String) {
        let at_ms = self.world.clock.now().since(self.started_at).as_millis();
        let (step, line) = (self.figures.steps, line());
        self.trace.push(format!("{step:>4} {:>6}.{:03} s  {line}", at_ms / 1_000, at_ms % 1_000));
    }

    pub(super) fn start(&mut self, doing: Doing, future: impl Future<Output = Ended> + 'static) {
        self.tell(|| format!("begins: {}", described(&doing)));
        let started_at = self.world.clock.now();
        self.tasks.start(Running { doing, started_at }, future);
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
        while let Some(index) = self.tasks.position(|running| running.is_over(now)) {
            self.kill(index);
        }
    }

    pub(super) fn finish_all(&mut self) -> Holds {
        while !self.tasks.is_empty() {
            self.poll_any()?;
        }
        self.look()
    }

    /// Follows the changes there are and looks at what they concern, or at all.
    pub(super) fn look(&mut self) -> Holds {
        let changes = self.world.changes();
        if changes.is_empty() {
            return Ok(());
        }
        let touched = self.books.follow(&changes)?;
        self.changes += 1;
        if self.changes.is_multiple_of(self.options.look_at_all_each) {
            return self.look_at_all();
        }
        invariants::of_touched(&self.world, &self.books, &touched)
    }

    pub(super) fn look_at_all(&self) -> Holds {
        invariants::of_all(&self.world, &self.books)
    }

    fn poll_any(&mut self) -> Holds {
        if self.tasks.is_empty() {
            return Ok(());
        }
        let ended = self.tasks.poll(self.random.usize(..self.tasks.len()));
        self.look()?;
        let Some((Running { doing, started_at: _ }, ended)) = ended else { return Ok(()) };
        self.tell(|| format!("ended: {}: {}", described(&doing), outcome(&ended)));
        match (doing, ended) {
            (Doing::Call(sent), Ended::Answered(answer)) => self.heard(sent, answer),
            (Doing::Read(reading), Ended::Answered(answer)) => self.has_read(&reading, &answer),
            (Doing::Stream(consumer, batch), Ended::Streamed(false)) => {
                self.world.stream.borrow_mut().of(consumer).extend(batch);
                Ok(())
            }
            (Doing::Verify, Ended::Verified { is_sound: false, told }) => {
                Err(format!("a sound ledger is called wrong: {told}"))
            }
            _ => Ok(()),
        }
    }

    fn kill(&mut self, index: usize) {
        let Running { doing, started_at: _ } = self.tasks.kill(index);
        self.figures.deaths += 1;
        self.tell(|| format!("dies: {}", described(&doing)));
        if let Doing::Stream(consumer, batch) = doing {
            self.world.stream.borrow_mut().of(consumer).extend(batch);
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
        Doing::Verify => "the verification of a ledger".to_owned(),
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
