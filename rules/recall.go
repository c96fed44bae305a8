package rules

// recall keeps what was found out about a reply, by number. What was kept of the reply before has another mark, so nothing has to be cleared.
type recall[T any] struct {
	of   []recalled[T]
	mark uint32
}

type recalled[T any] struct {
	value T
	mark  uint32
}

// reset forgets all, and makes room for n.
func (r *recall[T]) reset(n int) {
	if r.mark++; len(r.of) != n || r.mark == 0 {
		r.of, r.mark = make([]recalled[T], n), 1
	}
}

func (r *recall[T]) get(i int) (value T, ok bool) {
	if x := &r.of[i]; x.mark == r.mark {
		return x.value, true
	}
	return value, false
}

func (r *recall[T]) put(i int, value T) { r.of[i] = recalled[T]{value, r.mark} }
