// Asks kstatus' own library and the interpreter that Argo CD uses for health scripts what they make of objects.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

func value(l *lua.LState, v any) lua.LValue {
	switch v := v.(type) {
	case map[string]any:
		t := l.NewTable()
		for k, e := range v {
			t.RawSetString(k, value(l, e))
		}
		return t
	case []any:
		t := l.NewTable()
		for _, e := range v {
			t.Append(value(l, e))
		}
		return t
	case string:
		return lua.LString(v)
	case float64:
		return lua.LNumber(v)
	case bool:
		return lua.LBool(v)
	}
	return lua.LNil
}

func main() {
	script, _ := os.ReadFile(filepath.Join(os.Args[1], "argocd.lua"))
	files, _ := filepath.Glob(filepath.Join(os.Args[1], "*.json"))
	for _, file := range files {
		bytes, _ := os.ReadFile(file)
		u := &unstructured.Unstructured{}
		if err := u.UnmarshalJSON(bytes); err != nil {
			panic(err)
		}
		result, err := status.Compute(u)
		if err != nil {
			panic(err)
		}
		l := lua.NewState()
		var plain map[string]any
		json.Unmarshal(bytes, &plain)
		l.SetGlobal("obj", value(l, plain))
		if err := l.DoString(string(script)); err != nil {
			panic(err)
		}
		health := l.Get(-1).(*lua.LTable).RawGetString("status")
		fmt.Println(strings.TrimSuffix(filepath.Base(file), ".json"), result.Status, health)
	}
}
