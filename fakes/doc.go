// Package fakes describes peers: what a receiving peer offers and gets wrong
// (Profile, Fault, Keep, Lenient), what a sending peer says byte for byte
// (Dialogue, Script), and what certificate is shown (Cert). It also holds the
// catalogue of named peers and models.
//
// It sits between results and the engines: everything here is data, and pure
// functions over it. fakes/receiver and fakes/sender act it out on the wire.
//
// Why faults are data (2026-11): a misbehaviour is a stage and an action, so
// that a new one is a literal in the catalogue, and the engine asks the profile
// in one place only what to do next.
package fakes
