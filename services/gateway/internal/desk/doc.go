// Package desk serves the pages of staff: whatever organizers, vetters, jurors,
// members of committees and auditors do. It is a face like package page and
// holds no rule: it decodes, asks app, and shows the answer. Pages work without
// JavaScript; static/desk.js adds comfort.
//
// A page of a selection is a section: mount it with section, and add its name to
// sectionOrder. It stands in the navigation of
// whoever may do its act. What belongs to a section stands under its address and
// is mounted with page, a form with form: it is sent to the address of the page
// on which it stands, and NAME.
//
// A form is made of Fields, which the template "form" shows with a summary of
// what is wrong. After an act, done sends the browser to a page that says so, and
// how to undo it. Whose session has ended gets what they sent back, to be sent
// again. Lists keep search, order and page in their address: query and pager.
//
// Keys: an element with data-key="x" is pressed by that key, or focused; "?" shows
// them. Focus and scroll stay where they were when a form leads back to its page.
package desk
