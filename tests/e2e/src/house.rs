//! A server process with its own data folder and free ports.
