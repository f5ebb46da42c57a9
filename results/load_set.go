package results

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// PlanKeys are the keys of a plan that Plan.Set takes, in the order of its fields.
func PlanKeys() []string { return keysOf(reflect.TypeFor[Plan]()) }

// SessionKeys are the keys of a session that SessionPlan.Set takes.
func SessionKeys() []string { return keysOf(reflect.TypeFor[SessionPlan]()) }

// Set gives a key of the plan a value as plans write it. A list takes values
// joined by commas, in place of what was there.
func (p *Plan) Set(key, text string) error { return setKey(reflect.ValueOf(p).Elem(), key, text) }

// Set gives a key of the session a value as plans write it.
func (s *SessionPlan) Set(key, text string) error {
	return setKey(reflect.ValueOf(s).Elem(), key, text)
}

// planKey is the key of a field.
func planKey(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// keysOf lists the keys of a struct that hold a value or a list of values.
func keysOf(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		if !isSessions(t.Field(i).Type) {
			keys = append(keys, planKey(t.Field(i)))
		}
	}
	return keys
}

// isSessions tells whether a field is the list of sessions, which have keys of
// their own.
func isSessions(t reflect.Type) bool { return t == reflect.TypeFor[[]SessionPlan]() }

// planField finds the field of a key.
func planField(v reflect.Value, key string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if planKey(v.Type().Field(i)) == key {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func setKey(v reflect.Value, key, text string) error {
	f, found := planField(v, key)
	if !found || isSessions(f.Type()) {
		return fmt.Errorf("there is no %q; there are %s", key, strings.Join(keysOf(v.Type()), ", "))
	}
	if f.Kind() == reflect.Slice {
		f.SetZero()
		for _, part := range strings.Split(text, ",") {
			if err := addValue(f, strings.TrimSpace(part)); err != nil {
				return err
			}
		}
		return nil
	}
	return setValue(f, text)
}

// addValue appends a value to a list.
func addValue(list reflect.Value, text string) error {
	v := reflect.New(list.Type().Elem()).Elem()
	if err := setValue(v, text); err != nil {
		return err
	}
	list.Set(reflect.Append(list, v))
	return nil
}

// setValue reads a value.
func setValue(v reflect.Value, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch v.Kind() {
	case reflect.String:
		if text == "" || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return fmt.Errorf("%q is empty or has control characters", text)
		}
		v.SetString(text)
	case reflect.Bool:
		if !slices.Contains([]string{"true", "false"}, text) {
			return fmt.Errorf("%q is none of true, false", text)
		}
		v.SetBool(text == "true")
	case reflect.Uint64:
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is no whole number from 0 to 2^64-1", text)
		}
		v.SetUint(n)
	default:
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return fmt.Errorf("%q is no whole number", text)
		}
		v.SetInt(n)
	}
	return nil
}
