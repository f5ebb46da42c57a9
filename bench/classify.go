package bench

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"reflect"
	"syscall"

	"mailtls/results"
)

// classify names the class of an error of a connection; nil, which no failure
// gives, is other.
func classify(err error) results.ErrorClass {
	var certificate *tls.CertificateVerificationError
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var header tls.RecordHeaderError
	if class := alertOf(err); class != "" {
		return class
	}
	switch {
	case err == nil:
		return results.FailOther
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return results.FailClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		return results.FailTimeout
	case errors.As(err, &certificate), errors.As(err, &invalid), errors.As(err, &unknown), errors.As(err, &hostname):
		return results.FailCertificate
	case errors.As(err, &header):
		return results.FailHandshake
	}
	return classifyCall(err)
}

// classifyCall names the class of an error of the system.
func classifyCall(err error) results.ErrorClass {
	var number syscall.Errno
	if !errors.As(err, &number) {
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			return results.FailTimeout
		}
		return results.FailOther
	}
	switch number {
	case syscall.ECONNREFUSED:
		return results.FailRefused
	case syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED:
		return results.FailReset
	case syscall.ETIMEDOUT:
		return results.FailTimeout
	case syscall.EHOSTUNREACH, syscall.ENETUNREACH:
		return results.FailUnreachable
	case syscall.EADDRNOTAVAIL, syscall.EADDRINUSE:
		return results.FailNoPorts
	case syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM:
		return results.FailNoFiles
	}
	return results.FailOther
}

// classifyHandshake names the class of a handshake's error: what is nothing else
// is a failed handshake.
func classifyHandshake(err error) results.ErrorClass {
	if class := classify(err); class != results.FailOther {
		return class
	}
	return results.FailHandshake
}

// alertOf is the class of an alert from the other side; empty for other errors.
// crypto/tls keeps the type of alerts to itself, but not its kind, a number.
func alertOf(err error) results.ErrorClass {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" || op.Err == nil {
		return ""
	}
	if v := reflect.ValueOf(op.Err); v.Kind() == reflect.Uint8 {
		return results.AlertClass(uint8(v.Uint()))
	}
	return ""
}
