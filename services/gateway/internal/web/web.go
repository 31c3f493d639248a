// Package web is what all pages share, the public ones and the desks of staff:
// the layout, messages and languages, static files, headers, cookies, error
// pages, and the protection against posts by other sites.
package web
