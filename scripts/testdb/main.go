// Command testdb looks after the private PostgreSQL server that the tests share.
//
//	go run ./scripts/testdb stop   stops it and deletes its databases
//	go run ./scripts/testdb find   tells where PostgreSQL's programs are, or what to install
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/laurel-awards/laurel/pkg/pg/private"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	switch fmt.Sprint(args) {
	case "[stop]":
		server := testkit.Server()
		return server.Remove(ctx)
	case "[find]":
		bin, err := private.FindPrograms(ctx)
		if err == nil {
			fmt.Println(bin)
		}
		return err
	default:
		return errors.New("usage: testdb stop|find")
	}
}
