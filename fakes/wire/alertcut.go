package wire

// alertCut follows the records of a stream that crypto/tls reads, and finds where
// an alert begins behind something else. crypto/tls reads an alert that it has
// already got together with the data before it, and when that is a warning it
// holds the data back until more comes: which the far end, that awaits a reply to
// its data, never sends. So an alert is given to it in a read of its own.
type alertCut struct {
	header []byte // of the record that is beginning, up to five bytes
	left   int    // bytes of the record that are still to come
}

// next gives how many bytes of p can be read at once: all, or those before an
// alert. They count as read.
func (a *alertCut) next(p []byte) int {
	const headerLength = 5
	for i := 0; i < len(p); {
		switch {
		case a.left > 0:
			n := min(a.left, len(p)-i)
			a.left -= n
			i += n
		case len(a.header) == 0 && p[i] == typeAlert && i > 0:
			return i
		default:
			a.header = append(a.header, p[i])
			i++
			if len(a.header) == headerLength {
				a.left = int(a.header[3])<<8 | int(a.header[4])
				a.header = a.header[:0]
			}
		}
	}
	return len(p)
}
