//! What a driver tells other threads: each has a list of its own, and only its own list can be full.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use chinwag::Event;

/// What a [`Subscription`] gives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    /// The node told its application this.
    Event(Event),
    /// So many events are missing here, as the subscription was full when they came.
    Missed(u64),
}

/// Why a [`Subscription`] gave nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubscriptionError {
    /// Nothing has happened (in the time that was given).
    #[error("the node has nothing to tell now: ask again later")]
    Nothing,
    /// The driver is gone, and everything that it told was taken.
    #[error("the node has stopped, and will tell nothing more")]
    Stopped,
}

/// The events of a node, for another thread: [`Handle::subscribe`](crate::Handle::subscribe).
///
/// It has all events from when it was made, in their order. At most as many as its capacity wait in it; those that come
/// while it is full are counted, and told as [`Told::Missed`] in the place where they are missing. The driver never waits
/// for it, and it takes nothing from other subscriptions nor from [`MioDriver::next_event`](crate::MioDriver::next_event)
/// (`tests/tcp/subscriptions.rs`). Dropping it ends it.
///
/// It is an iterator that waits for each event, and ends with the driver.
pub struct Subscription {
    queue: Arc<Queue>,
}

impl Subscription {
    /// What was told next, waiting for it as long as it takes.
    ///
    /// # Errors
    /// [`SubscriptionError::Stopped`].
    pub fn recv(&self) -> Result<Told, SubscriptionError> {
        let waiting = self.queue.lock();
        let waiting = self.queue.changed.wait_while(waiting, |waiting| waiting.is_empty_still());
        waiting.unwrap_or_else(PoisonError::into_inner).take()
    }

    /// What was told next, waiting for it no longer than `limit`.
    ///
    /// # Errors
    /// [`SubscriptionError`].
    pub fn recv_timeout(&self, limit: Duration) -> Result<Told, SubscriptionError> {
        let waiting = self.queue.lock();
        let waited =
            self.queue.changed.wait_timeout_while(waiting, limit, |waiting| waiting.is_empty_still());
        waited.unwrap_or_else(PoisonError::into_inner).0.take()
    }

    /// What was told next, if it was told already.
    ///
    /// # Errors
    /// [`SubscriptionError`].
    pub fn try_recv(&self) -> Result<Told, SubscriptionError> {
        self.queue.lock().take()
    }
}

impl Iterator for Subscription {
    type Item = Told;

    fn next(&mut self) -> Option<Told> {
        self.recv().ok()
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

/// What waits for one subscriber, shared by both sides.
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    capacity: usize,
}

#[derive(Default)]
struct Waiting {
    told: VecDeque<Told>,
    stopped: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing can panic between two states of it, so that it is as it should be whoever has.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn is_empty_still(&self) -> bool {
        self.told.is_empty() && !self.stopped
    }

    fn take(&mut self) -> Result<Told, SubscriptionError> {
        let nothing = if self.stopped { SubscriptionError::Stopped } else { SubscriptionError::Nothing };
        self.told.pop_front().ok_or(nothing)
    }

    /// Adds an event, or what says that it is missing: at most one more than `capacity` wait.
    fn add(&mut self, event: &Event, capacity: usize) {
        if self.told.len() < capacity {
            self.told.push_back(Told::Event(event.clone()));
        } else if let Some(Told::Missed(count)) = self.told.back_mut() {
            *count += 1;
        } else {
            self.told.push_back(Told::Missed(1));
        }
    }
}

/// The driver's end of all subscriptions.
#[derive(Default)]
pub(crate) struct Subscribers {
    list: Mutex<List>,
    /// Whether there ever was one: without any, events cost no lock.
    any: AtomicBool,
}

#[derive(Default)]
struct List {
    queues: Vec<Weak<Queue>>,
    stopped: bool,
}

impl Subscribers {
    pub(crate) fn add(&self, capacity: usize) -> Subscription {
        let mut list = self.lock();
        let waiting = Mutex::new(Waiting { told: VecDeque::new(), stopped: list.stopped });
        let queue = Arc::new(Queue { waiting, changed: Condvar::new(), capacity: capacity.max(1) });
        list.queues.retain(|queue| queue.strong_count() > 0);
        list.queues.push(Arc::downgrade(&queue));
        self.any.store(true, Ordering::Release);
        Subscription { queue }
    }

    /// Tells everybody.
    pub(crate) fn tell(&self, event: &Event) {
        if self.any.load(Ordering::Acquire) {
            self.lock().change_each(|queue, waiting| waiting.add(event, queue.capacity));
        }
    }

    /// Nothing is told any more.
    pub(crate) fn stop(&self) {
        let mut list = self.lock();
        list.stopped = true;
        list.change_each(|_, waiting| waiting.stopped = true);
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl List {
    fn change_each(&mut self, change: impl Fn(&Queue, &mut Waiting)) {
        self.queues.retain(|queue| {
            let Some(queue) = queue.upgrade() else { return false };
            change(&queue, &mut queue.lock());
            queue.changed.notify_all();
            true
        });
    }
}

impl fmt::Debug for Subscribers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscribers").field("count", &self.lock().queues.len()).finish()
    }
}
