//! What Linux knows of a process: its private memory and its time on the processor.

use std::fs;
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

const SAMPLING: Duration = Duration::from_millis(20);
/// Until the process is found.
const LOOKING: Duration = Duration::from_millis(2);

/// Private memory of a process at this moment, in KiB: `Private_Clean` and `Private_Dirty` of all mappings but those
/// of shared memory. (The sum in `smaps_rollup` counts a page of shared_buffers as private to the only process that
/// has touched it so far.)
fn private_kb(process: u32) -> Option<u64> {
    let maps = fs::read_to_string(format!("/proc/{process}/smaps")).ok()?;
    let (mut shared, mut sum) = (false, 0);
    for line in maps.lines() {
        let mut words = line.split_ascii_whitespace();
        let (first, second) = (words.next()?, words.next()?);
        match first {
            "Private_Clean:" | "Private_Dirty:" if !shared => sum += second.parse::<u64>().ok()?,
            // The head of a mapping: its addresses, then its permissions, `s` at the end for shared ones.
            _ if !first.ends_with(':') => shared = second.ends_with('s'),
            _ => {}
        }
    }
    (sum > 0).then_some(sum)
}

/// Watches the private memory of one process until it is stopped.
pub struct MemoryWatch {
    stop: Arc<AtomicBool>,
    peak_kb: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

impl MemoryWatch {
    /// `find` is asked until it names the process.
    pub fn start(mut find: impl FnMut() -> Option<u32> + Send + 'static) -> MemoryWatch {
        let stop = Arc::new(AtomicBool::new(false));
        let peak_kb = Arc::new(AtomicU64::new(0));
        let (stopped, peak) = (stop.clone(), peak_kb.clone());
        let thread = std::thread::spawn(move || {
            let process = loop {
                match find() {
                    Some(process) => break process,
                    None if stopped.load(Ordering::Relaxed) => return,
                    None => sleep(LOOKING),
                }
            };
            while !stopped.load(Ordering::Relaxed) {
                let Some(now) = private_kb(process) else {
                    break;
                };
                peak.fetch_max(now, Ordering::Relaxed);
                sleep(SAMPLING);
            }
        });
        MemoryWatch {
            stop,
            peak_kb,
            thread,
        }
    }

    /// The most that was seen, in KiB; None if the process was never seen.
    pub fn stop(self) -> Option<u64> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().ok()?;
        Some(self.peak_kb.load(Ordering::Relaxed)).filter(|peak| *peak > 0)
    }
}

/// Time on the processor of a process, its children, and those of its children that have ended.
pub fn family_time(parent: u32) -> Duration {
    let of = |process: u32| times(process).map_or(0, |times| times.own);
    let children: u64 = fs::read_dir("/proc")
        .expect("/proc")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|process| times(*process).is_some_and(|times| times.parent == parent))
        .map(of)
        .sum();
    let ended = times(parent).map_or(0, |times| times.own + times.ended_children);
    ticks(children + ended)
}

/// In clock ticks.
struct Times {
    parent: u32,
    own: u64,
    ended_children: u64,
}

/// From /proc: `pid (name) state parent …`, the times being fields 14 to 17.
fn times(process: u32) -> Option<Times> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    Some(Times {
        parent: field(4)? as u32,
        own: field(14)? + field(15)?,
        ended_children: field(16)? + field(17)?,
    })
}

fn ticks(count: u64) -> Duration {
    // SAFETY: sysconf has no preconditions.
    let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) }.max(1);
    Duration::from_secs_f64(count as f64 / per_second as f64)
}

/// Waits for a child of ours; how it ended, and its time on the processor together with its own children's.
pub fn wait_for(child: Child) -> std::io::Result<(ExitStatus, Duration)> {
    use std::os::unix::process::ExitStatusExt;
    let mut status = 0;
    // SAFETY: both pointers are valid for the call, and rusage is plain numbers. The child is ours and not collected
    // yet, as `Child` is consumed here.
    let (ended, usage) = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        let ended = libc::wait4(child.id() as libc::pid_t, &mut status, 0, &mut usage);
        (ended, usage)
    };
    if ended < 0 {
        return Err(std::io::Error::last_os_error());
    }
    let time = |time: libc::timeval| {
        Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
    };
    Ok((
        ExitStatus::from_raw(status),
        time(usage.ru_utime) + time(usage.ru_stime),
    ))
}

/// The processor's name.
pub fn processor() -> String {
    let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = about.lines().find(|line| line.starts_with("model name"));
    name.and_then(|line| line.split_once(": "))
        .map_or("unknown processor".to_owned(), |(_, name)| name.to_owned())
}
