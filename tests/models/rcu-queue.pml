/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hart's queue of callbacks, its mark, and rcu_barrier(): rcu/callback.c.
 *
 * A hart pushes from its thread, and once from an interrupt that may come between the thread's push
 * and its mark. One thread takes: marked queues, or all of them when a barrier asks. Pushes, marks
 * and takes are atomic operations, that reach memory as one; what their orders keep apart may
 * otherwise be done the other way round. Stores of the number and the wish [P9] go through a buffer.
 *
 * The claim: every callback is called, though nobody looks at a queue without a mark; and a barrier
 * that returns has waited for what was queued before it.
 * Faults, to show that the model sees them:
 *   -DTAKE_FIRST	the queue is taken before its mark is cleared	[P7]
 *   -DMARK_FIRST	the hart is marked before it pushes		[P7]
 *   -DBARRIER_BY_MARK	a barrier's pass trusts the marks
 *   -DBARRIER_JOINS	a pass under way is good enough for a barrier
 *   -DNO_PASS_FENCE	the number is odd only after the take		[P9]
 */
#define PUSHES 3

byte queue;	   /* callbacks in it */
bool marked;
byte pushed, called;
bool in_irq, irq_done;

byte seq, seq_new; /* passes over all queues; seq_new is not in memory yet if it differs */
bool wanted;
bool all_pushed;
byte barriers;

inline push_and_mark(first)
{
#ifdef MARK_FIRST
	marked = true;
	atomic { queue++; pushed++ };
#else
	atomic { first = (queue == 0); queue++; pushed++ };
	if
	:: first -> marked = true
	:: else
	fi;
#endif
}

active proctype memory()
{
end:
	do
	:: atomic { seq != seq_new -> seq = seq_new }
	od
}

active proctype thread()
{
	byte n;
	bool first;

	do
	:: n < PUSHES && !in_irq ->
#ifdef MARK_FIRST
		marked = true;
		(!in_irq);
		atomic { queue++; pushed++ };
#else
		atomic { !in_irq; first = (queue == 0); queue++; pushed++ };
		atomic { !in_irq ->
			if
			:: first -> marked = true
			:: else
			fi
		};
#endif
		n++
	:: n == PUSHES -> break
	od;
	all_pushed = true
}

/* Takes the hart away from the thread at any moment; afterwards a barrier, on another hart that
 * learned of it, waits for its callback. */
active proctype interrupt()
{
	bool first;
	byte before, target;

	atomic { !in_irq -> in_irq = true };
	push_and_mark(first);
	before = pushed;
	in_irq = false;
	/* rcu_barrier() */
	target = ((seq + 3) / 2) * 2;
#ifdef BARRIER_JOINS
	target = ((seq + 2) / 2) * 2;
#endif
	do
	:: seq >= target -> break
	:: seq < target && seq % 2 == 0 && !wanted -> wanted = true
	:: else -> (seq >= target || (seq % 2 == 0 && !wanted))
	od;
	/* Callbacks are called in the order in which passes take them. */
	assert(called >= before);
	barriers = 1
}

/* Somebody else's barrier, that asks at any moment. */
active proctype other()
{
	wanted = true
}

active proctype taker()
{
	bool all;
	byte n;

end:
	do
	:: marked || wanted ->
		atomic { all = wanted; wanted = false };
		if
		:: all ->
			atomic { seq = seq_new; seq_new = seq_new + 1 };
#ifndef NO_PASS_FENCE
			seq = seq_new
#endif
		:: else
		fi;
		n = 0;
		if
#ifndef BARRIER_BY_MARK
		:: all -> atomic { n = queue; queue = 0 }
		:: !all && marked ->
#else
		:: marked ->
#endif
#ifdef TAKE_FIRST
			atomic { n = queue; queue = 0 };
			marked = false
#else
			marked = false;
			atomic { n = queue; queue = 0 }
#endif
		:: else
		fi;
		called = called + n;
		if
		:: all -> atomic { seq = seq_new; seq_new = seq_new + 1 }; seq = seq_new
		:: else
		fi
	:: !marked && !wanted && all_pushed && barriers == 1 ->
		/* Nobody will push or ask any more. */
		assert(marked || wanted || called == pushed);
		break
	od
}
