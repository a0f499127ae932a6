//! The gate against servers with limits of every kind: hours of it on a paused clock.

use super::*;

/// A limit on requests, as servers keep them.
struct Limit {
    kind: Kind,
    names_waits: bool,
    taken: Mutex<(f64, Option<Instant>)>,
}

#[derive(Clone, Copy)]
enum Kind {
    /// So many in each stretch of so many seconds.
    Window { requests: f64, seconds: f64 },
    /// So many a second on average, and so many at once.
    Bucket { a_second: f64, at_once: f64 },
}

impl Limit {
    fn per_minute(&self) -> f64 {
        match self.kind {
            Kind::Window { requests, seconds } => requests * 60.0 / seconds,
            Kind::Bucket { a_second, .. } => a_second * 60.0,
        }
    }

    /// Takes a request, or refuses it and perhaps says for how long.
    fn ask(&self) -> Result<(), Option<Duration>> {
        let mut taken = self.taken.lock().unwrap();
        let now = Instant::now();
        let since = *taken.1.get_or_insert(now);
        let passed = (now - since).as_secs_f64();
        let wait = match self.kind {
            Kind::Window { requests, seconds } => {
                if passed >= seconds {
                    let whole = (passed / seconds).floor() * seconds;
                    *taken = (0.0, Some(since + Duration::from_secs_f64(whole)));
                }
                if taken.0 < requests {
                    taken.0 += 1.0;
                    return Ok(());
                }
                seconds - passed % seconds
            }
            Kind::Bucket { a_second, at_once } => {
                *taken = ((taken.0 - passed * a_second).max(0.0), Some(now));
                if taken.0 + 1.0 <= at_once {
                    taken.0 += 1.0;
                    return Ok(());
                }
                1.0 / a_second
            }
        };
        // As servers do, in whole seconds.
        let named = Duration::from_secs(wait.ceil() as u64);
        Err(self.names_waits.then_some(named))
    }
}

/// What twenty minutes saw.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    accepted: f64,
    refused: f64,
}

const PERIOD: Duration = Duration::from_secs(20 * 60);
const LATENCY: Duration = Duration::from_millis(200);

/// Sixteen at a time for so many periods; what each of them saw.
async fn play(
    pace: Arc<Pace>,
    ask: impl Fn() -> Result<(), Option<Duration>> + Send + Sync + 'static,
    periods: u32,
) -> Vec<Seen> {
    let seen = Arc::new(Mutex::new(vec![Seen::default(); periods as usize]));
    let (ask, began) = (Arc::new(ask), Instant::now());
    let go = || {
        let (pace, ask, seen) = (pace.clone(), ask.clone(), seen.clone());
        tokio::spawn(async move {
            loop {
                let pass = pace.pass().await;
                tokio::time::sleep(LATENCY / 2).await;
                let answer = ask();
                tokio::time::sleep(LATENCY / 2).await;
                match answer {
                    Ok(()) => pace.accepted(&pass),
                    Err(wait) => pace.refused(&pass, wait),
                }
                let period = began.elapsed().as_secs() / PERIOD.as_secs();
                match seen.lock().unwrap().get_mut(period as usize) {
                    Some(seen) if answer.is_ok() => seen.accepted += 1.0,
                    Some(seen) => seen.refused += 1.0,
                    None => return,
                }
            }
        })
    };
    for task in (0..16).map(|_| go()).collect::<Vec<_>>() {
        task.await.unwrap();
    }
    seen.lock().unwrap().clone()
}

/// Plays two hours against a limit: it must be used well from the beginning, and soon hardly ever touched.
async fn used_well_and_rarely_touched(name: &str, kind: Kind) {
    for names_waits in [true, false] {
        let limit = Limit {
            kind,
            names_waits,
            taken: Mutex::default(),
        };
        let most = limit.per_minute() * PERIOD.as_secs_f64() / 60.0;
        let pace = Arc::new(Pace::new(16, 0, None, None));
        let seen = play(pace, move || limit.ask(), 6).await;
        for (period, seen) in seen.iter().enumerate() {
            let used = seen.accepted / most;
            println!(
                "{name}, waits named: {names_waits}, period {period}: {:.0} % used, {} refused",
                used * 100.0,
                seen.refused
            );
            assert!(used >= 0.7, "{name} {names_waits} {period}: {seen:?}");
            assert!(
                seen.refused <= if period < 2 { 50.0 } else { 3.0 },
                "{name} {names_waits} {period}: {seen:?}"
            );
        }
    }
}

fn window(requests: f64, seconds: f64) -> Kind {
    Kind::Window { requests, seconds }
}

fn bucket(a_second: f64, at_once: f64) -> Kind {
    Kind::Bucket { a_second, at_once }
}

#[tokio::test(start_paused = true)]
async fn limits_per_minute_are_used_well_and_rarely_touched() {
    used_well_and_rarely_touched("10 a minute", window(10.0, 60.0)).await;
    used_well_and_rarely_touched("100 a minute", window(100.0, 60.0)).await;
}

#[tokio::test(start_paused = true)]
async fn limits_per_second_are_used_well_and_rarely_touched() {
    used_well_and_rarely_touched("5 a second", window(5.0, 1.0)).await;
    used_well_and_rarely_touched("50 in ten seconds", window(50.0, 10.0)).await;
}

#[tokio::test(start_paused = true)]
async fn token_buckets_are_used_well_and_rarely_touched() {
    used_well_and_rarely_touched("ten a minute, 10 at once", bucket(1.0 / 6.0, 10.0)).await;
    used_well_and_rarely_touched("two a second, 100 at once", bucket(2.0, 100.0)).await;
    used_well_and_rarely_touched("five a second, one at once", bucket(5.0, 1.0)).await;
}

/// Requests that a server without a limit answers in a minute.
const UNHINDERED: f64 = 16.0 * 60.0 / 0.2;

#[tokio::test(start_paused = true)]
async fn a_hiccup_that_was_no_limit_is_forgotten_within_minutes() {
    let asked = Mutex::new(0);
    let hiccup = move || {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        if *asked == 3 { Err(None) } else { Ok(()) }
    };
    let pace = Arc::new(Pace::new(16, 0, None, None));
    let seen = play(pace.clone(), hiccup, 1).await;
    let minutes = PERIOD.as_secs_f64() / 60.0;
    assert!(
        seen[0].accepted > (minutes - 3.0) * UNHINDERED,
        "{seen:?} {:?}",
        pace.learnt()
    );
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_was_raised_is_found_again() {
    let learnt = LearntPace {
        per_minute: 10.0,
        steady: Duration::from_secs(120),
    };
    let pace = Arc::new(Pace::new(16, 0, Some(learnt), None));
    let limit = Limit {
        kind: window(5.0, 1.0),
        names_waits: true,
        taken: Mutex::default(),
    };
    let seen = play(pace, move || limit.ask(), 2).await;
    assert!(seen[1].accepted >= 0.7 * 300.0 * 20.0, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn the_next_client_of_the_key_is_not_refused_again() {
    let limit = Arc::new(Limit {
        kind: window(60.0, 60.0),
        names_waits: true,
        taken: Mutex::default(),
    });
    let ask = || {
        let limit = limit.clone();
        move || limit.ask()
    };
    let first = Arc::new(Pace::new(16, 0, None, None));
    play(first.clone(), ask(), 1).await;
    let learnt = first.learnt().expect("a pace");
    assert!((30.0..=66.0).contains(&learnt.per_minute), "{learnt:?}");
    let seen = play(Arc::new(Pace::new(16, 0, Some(learnt), None)), ask(), 1).await;
    assert!(seen[0].refused <= 2.0, "{seen:?}");
}
