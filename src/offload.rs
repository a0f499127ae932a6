//! The one way in for network I/O: futures run on threads of their own while the main thread waits for
//! PostgreSQL's signals and for the answer at once.
//!
//! Two rules keep this sound. The threads never touch PostgreSQL: plain values go in and out, and every signal is
//! blocked on them, because a handler that ran there would enter the server from a foreign thread. And the main
//! thread never blocks on anything but [`WaitLatchOrSocket`](pg_sys::WaitLatchOrSocket), so a cancel, a
//! termination or the death of the postmaster is acted on at once, however long Chorus stays silent.

use crate::error::{Error, Result};
use pgrx::{check_for_interrupts, pg_sys};
use std::future::Future;
use std::io::{Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

/// How often the main thread looks up while it waits.
const LOOK: Duration = Duration::from_millis(250);

/// Threads for the network, and the socket by which they wake the main thread.
pub struct Offload {
    runtime: Option<Runtime>,
    woken: UnixStream,
    waker: Waker,
}

/// Wakes the main thread. A full socket means that it is awake already.
#[derive(Clone)]
pub struct Waker(Arc<UnixStream>);

impl Waker {
    fn wake(&self) {
        let _ = (&*self.0).write(&[1]);
    }
}

/// The threads' end of a stream of values to the main thread; waits while the main thread is behind.
pub struct Sender<T> {
    values: Option<mpsc::Sender<T>>,
    waker: Waker,
}

impl<T> Sender<T> {
    /// False when nobody listens any more.
    pub async fn send(&self, value: T) -> bool {
        let sent = match &self.values {
            Some(values) => values.send(value).await.is_ok(),
            None => false,
        };
        self.waker.wake();
        sent
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // The end of the stream, be it a panic, must wake the main thread too: close first, then wake.
        self.values.take();
        self.waker.wake();
    }
}

/// The main thread's end of a stream of values.
pub struct Receiver<T> {
    values: mpsc::Receiver<T>,
    /// Whether the stream was produced to its end. A thread that panicked leaves it false.
    complete: Arc<AtomicBool>,
}

impl Offload {
    /// Starts `threads` threads. `53000` if the system gives none.
    pub fn start(threads: usize) -> Result<Self> {
        let (woken, waker) = UnixStream::pair().map_err(no_threads)?;
        woken.set_nonblocking(true).map_err(no_threads)?;
        waker.set_nonblocking(true).map_err(no_threads)?;
        let runtime = with_signals_blocked(|| {
            Builder::new_multi_thread()
                .worker_threads(threads)
                .max_blocking_threads(4)
                .thread_name("chorus_sync net")
                .enable_all()
                .build()
        })
        .map_err(no_threads)?;
        Ok(Offload {
            runtime: Some(runtime),
            woken,
            waker: Waker(Arc::new(waker)),
        })
    }

    /// Runs one future to its end. A PostgreSQL error (cancel, termination) leaves it behind. `meanwhile` as in
    /// [`Self::next`].
    pub fn run<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
        meanwhile: impl FnMut(),
    ) -> Result<T> {
        let mut answers = self.stream(1, |sender| async move {
            sender.send(future.await).await;
        });
        self.next(&mut answers, meanwhile)?.ok_or_else(broken_off)
    }

    /// Lets `produce` send values, at most `ahead` of the main thread.
    pub fn stream<T, F>(&self, ahead: usize, produce: impl FnOnce(Sender<T>) -> F) -> Receiver<T>
    where
        T: Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let (sender, values) = mpsc::channel(ahead);
        let complete = Arc::new(AtomicBool::new(false));
        let sender = Sender {
            values: Some(sender),
            waker: self.waker.clone(),
        };
        let open = Sender {
            values: sender.values.clone(),
            waker: self.waker.clone(),
        };
        let done = complete.clone();
        let producing = produce(sender);
        if let Some(runtime) = &self.runtime {
            runtime.spawn(async move {
                producing.await;
                done.store(true, Ordering::Release);
                drop(open);
            });
        }
        Receiver { values, complete }
    }

    /// Waits for the next value; None when the stream has ended, an error when it broke off. While it waits, `meanwhile` is
    /// called every quarter of a second or so.
    pub fn next<T>(
        &self,
        receiver: &mut Receiver<T>,
        mut meanwhile: impl FnMut(),
    ) -> Result<Option<T>> {
        let mut last = Instant::now();
        loop {
            match receiver.values.try_recv() {
                Ok(value) => return Ok(Some(value)),
                Err(mpsc::error::TryRecvError::Disconnected) => {
                    return if receiver.complete.load(Ordering::Acquire) {
                        Ok(None)
                    } else {
                        Err(broken_off())
                    };
                }
                Err(mpsc::error::TryRecvError::Empty) => {}
            }
            self.wait(LOOK);
            if last.elapsed() >= LOOK {
                last = Instant::now();
                meanwhile();
            }
        }
    }

    /// Waits for the next value until `deadline`; None if none came, for whatever reason.
    pub fn next_before<T>(&self, receiver: &mut Receiver<T>, deadline: Instant) -> Option<T> {
        loop {
            match receiver.values.try_recv() {
                Ok(value) => return Some(value),
                Err(mpsc::error::TryRecvError::Disconnected) => return None,
                Err(mpsc::error::TryRecvError::Empty) => {}
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            self.wait(left.max(Duration::from_millis(1)));
        }
    }

    fn wait(&self, timeout: Duration) {
        wait_for_latch(Some(self.woken.as_raw_fd()), Some(timeout));
        let mut bytes = [0u8; 256];
        while matches!((&self.woken).read(&mut bytes), Ok(n) if n == bytes.len()) {}
    }
}

impl Drop for Offload {
    fn drop(&mut self) {
        // A plain drop waits for blocking threads, such as a name look-up that hangs.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Waits for the latch, the socket or the time-out, then acts on what PostgreSQL wants of us. May raise.
pub fn wait_for_latch(socket: Option<i32>, timeout: Option<Duration>) {
    let mut events = pg_sys::WL_LATCH_SET | pg_sys::WL_EXIT_ON_PM_DEATH;
    if socket.is_some() {
        events |= pg_sys::WL_SOCKET_READABLE;
    }
    if timeout.is_some() {
        events |= pg_sys::WL_TIMEOUT;
    }
    let timeout_ms = timeout.map_or(-1, |timeout| timeout.as_millis() as std::ffi::c_long);
    unsafe {
        let happened = pg_sys::WaitLatchOrSocket(
            pg_sys::MyLatch,
            events as i32,
            socket.unwrap_or(pg_sys::PGINVALID_SOCKET),
            timeout_ms,
            pg_sys::PG_WAIT_EXTENSION,
        );
        if happened & pg_sys::WL_LATCH_SET as i32 != 0 {
            pg_sys::ResetLatch(pg_sys::MyLatch);
        }
    }
    check_for_interrupts!();
}

/// Threads inherit the signal mask of the thread that makes them.
pub fn with_signals_blocked<T>(make_threads: impl FnOnce() -> T) -> T {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
        let made = make_threads();
        libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut());
        made
    }
}

fn broken_off() -> Error {
    Error::new(
        "XX000",
        "a network thread of chorus_sync ended without an answer",
        "This is a bug in chorus_sync; the server's log says where.",
    )
}

fn no_threads(error: std::io::Error) -> Error {
    Error::new(
        "53000",
        format!("cannot start the network threads of chorus_sync: {error}"),
        "Check the limits on processes and open files of the user that runs PostgreSQL.",
    )
}
