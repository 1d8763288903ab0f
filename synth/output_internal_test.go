package synth

import "testing"
func TestX(t *testing.T){}
