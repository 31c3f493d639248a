// Package bundle is the one file by which anybody checks a published result: how it
// is written, and how it is read without any service, in a terminal or a browser.
// docs/checking.md tells of it.
//
// The reader believes nothing. What does not hold is a Failure; what it could not
// check it says.
package bundle
