// Package deploy holds what it takes to run Laurel elsewhere; its tests check
// these files against the program.
package deploy
