//go:build !linux

package testkit

func inMemory() (dir string, ok bool) { return "", false }
