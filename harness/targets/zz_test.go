package targets
import ("testing";"time";"fmt")
type stampLog struct{ t time.Time }
func (l stampLog) Write(p []byte) (int, error) { fmt.Printf("%.3f %s", time.Since(l.t).Seconds(), p); return len(p), nil }
func TestZZ(t *testing.T){
 p,_:=targetFor("postfix")
 for range 3 {
  w:=testWiring(nil); w.Log=stampLog{time.Now()}
  s:=time.Now()
  r,err:=p.Start(t.Context(),Variant{Name:"submission"},w)
  fmt.Println(err,time.Since(s))
  s=time.Now()
  fmt.Println(r.Stop(t.Context()),time.Since(s))
 }
}
