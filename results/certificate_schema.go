package results

import _ "embed" // for the schema

// CertificateSchema is the version of certificate.json; package certificate writes
// and reads it.
const CertificateSchema = "mailtls-certificate/1"

//go:embed schema/certificate.schema.json
var certificateSchema string

// CertificateSchemaJSON is the JSON Schema (draft 2020-12) of certificate.json. It
// refers to that of report.json.
func CertificateSchemaJSON() []byte { return []byte(certificateSchema) }
