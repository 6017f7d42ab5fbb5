package x
import ("testing";"strings";"github.com/prometheus/prometheus/promql/parser";"time";"fmt")
func TestDeep(t *testing.T){
 for _,n:=range []int{100000,1000000,4000000}{
 for _,s:=range []string{strings.Repeat("(",n)+"1"+strings.Repeat(")",n), strings.Repeat("-",n)+"x", "x"+strings.Repeat(" + x",n)}{
 st:=time.Now()
 _,err:=parser.NewParser(parser.Options{}).ParseExpr(s)
 e:=""; if err!=nil{e=err.Error(); if len(e)>100{e=e[:100]}}
 fmt.Println(n,s[:4],time.Since(st),e)
 }}
}
