//! When a connection's next run is due.
