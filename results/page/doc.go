// Package page writes what runs have left as one HTML file that people look at. It reads results and the views on them;
// the harness says where they are stored.
//
// The file stands alone: styles, script and charts are inside, nothing is fetched, and its content security policy
// forbids all else. The matrix is plain HTML, a cell a button; what a cell tells when it is opened, and the transcripts,
// are compressed and unpacked by the browser (DecompressionStream: Chromium 80, Firefox 113, Safari 16.4).
//
// Size. A page is kept to Input.Size bytes, DefaultSize without. Everything but the transcripts comes first and is never
// left out. What is left is filled with transcripts: those of cases that fail, are waived or undecided, then those that
// are not strict or only recorded, then the others, MUST before SHOULD before the rest. A case whose transcript found no
// room says so and names its file. In a transcript times are told to a tenth of a millisecond, certificates by what they
// say, and of a very long one a part stands for the whole, with what the verdict points at always in it.
//
// Charts are drawn by gonum/plot, which is kept up, and then stripped of its colours and fonts, so that the page's styles
// set both for light, dark and paper. Each has a name and its figures in a table.
//
// Addresses. #target=NAME&case=ID opens the cell of a case, ID@POLICY that of a sender's under a policy.
package page
