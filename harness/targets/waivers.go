package targets

import "strings"

// WaiversFile is the name of the file with waivers in a target's folder.
const WaiversFile = "waivers.yaml"

// ReadWaivers reads a list of waivers; name is the file's, for errors. An empty
// file holds none. Whether their cases exist is not checked here.
func ReadWaivers(name string, data []byte) ([]Waiver, error) {
	waivers, doc, err := readWaivers(name, data)
	if err != nil {
		return nil, err
	}
	return waivers, doc.Err()
}

// readWaivers is ReadWaivers for a caller that has more to check; what is wrong
// with the waivers stands in the document.
func readWaivers(name string, data []byte) ([]Waiver, *document, error) {
	var waivers []Waiver
	doc, err := readYAML(name, data, &waivers)
	if err != nil {
		return nil, nil, err
	}
	for i, w := range waivers {
		for _, must := range []struct{ field, value, mend string }{
			{"case", w.Case, "name the id of the case"},
			{"expected", w.Expected, "quote a part of what is observed"},
			{"reason", w.Reason, "say why the failure is accepted"},
		} {
			if strings.TrimSpace(must.value) == "" {
				doc.faultAt(at(i, must.field), "waiver %d has no %s; %s", i+1, must.field, must.mend)
			}
		}
	}
	return waivers, doc, nil
}
