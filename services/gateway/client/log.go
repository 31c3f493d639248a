package client

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/services/voting"
)

// Checkpoint gives the ballot log's signed head, as pkg/ballotlog reads it.
func (c *Client) Checkpoint(ctx context.Context, slug string) (text string, err error) {
	var b []byte
	err = c.call(ctx, http.MethodGet, of(slug)+"/log/checkpoint", nil, &b)
	return string(b), err
}

// LogKey gives the public keys that verify the ballot log.
func (c *Client) LogKey(ctx context.Context, slug string) (k ballotlog.PublicKey, err error) {
	list, err := c.LogKeys(ctx, slug)
	if err != nil {
		return k, err
	}
	return ballotlog.ParsePublicKey(list)
}

// LogKeys gives the signed list of those keys, as pkg/ballotlog reads it.
func (c *Client) LogKeys(ctx context.Context, slug string) (list string, err error) {
	var b []byte
	err = c.call(ctx, http.MethodGet, of(slug)+"/log/key", nil, &b)
	return string(b), err
}

// Consistency proves that the ballot log of one size grew out of that of another.
func (c *Client) Consistency(ctx context.Context, slug string, from, to int64) (x voting.Consistency, err error) {
	return x, c.call(ctx, http.MethodGet, fmt.Sprintf("%s/log/consistency?from=%d&to=%d", of(slug), from, to), nil, &x)
}

// Tile gives hashes of the ballot log.
func (c *Client) Tile(ctx context.Context, slug string, t tlog.Tile) (b []byte, err error) {
	return b, c.call(ctx, http.MethodGet, of(slug)+"/log/tile/"+ballotlog.TilePath(t), nil, &b)
}

// Leaves gives every line of the ballot log, once the tally is final and they
// are written.
func (c *Client) Leaves(ctx context.Context, slug string) ([]byte, error) {
	return c.document(ctx, of(slug)+"/log/leaves")
}

// SaveLeaves writes every line of the ballot log to w, however many they are,
// once the tally is final.
func (c *Client) SaveLeaves(ctx context.Context, slug string, w io.Writer) error {
	return c.save(ctx, of(slug)+"/log/leaves", w)
}
