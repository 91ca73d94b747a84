/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two harts' queues of callbacks, their marks, and rcu_barrier(): rcu/callback.c.
 *
 * A hart pushes from its thread, and once from an interrupt that may come between the thread's push
 * and its mark; the other hart from a thread alone. One thread takes: marked queues, or all of them when a
 * barrier asks. The marks of both are taken at once. Pushes, marks
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
 *   -DTAKE_NO_RELEASE	the number may be odd only after the take	[P6]
 *   -DSTALE_MARKS	the marks are read before they are taken	[P7]
 */
#define PUSHES 2
#define OTHER_PUSHES 1

byte queue[2];	   /* callbacks in it */
bool marked[2];
byte pushed, called;
bool in_irq, irq_done;

byte seq, seq_new; /* passes over all queues; seq_new is not in memory yet if it differs */
bool wanted;
byte all_pushed;
byte barriers;

inline push_and_mark(h, first)
{
#ifdef MARK_FIRST
	marked[h] = true;
	atomic { queue[h]++; pushed++ };
#else
	atomic { first = (queue[h] == 0); queue[h]++; pushed++ };
	if
	:: first -> marked[h] = true
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
		marked[0] = true;
		(!in_irq);
		atomic { queue[0]++; pushed++ };
#else
		atomic { !in_irq; first = (queue[0] == 0); queue[0]++; pushed++ };
		atomic { !in_irq ->
			if
			:: first -> marked[0] = true
			:: else
			fi
		};
#endif
		n++
	:: n == PUSHES -> break
	od;
	all_pushed++
}

active proctype other_thread()
{
	byte n;
	bool first;

	do
	:: n < OTHER_PUSHES -> push_and_mark(1, first); n++
	:: n == OTHER_PUSHES -> break
	od;
	all_pushed++
}

/* Takes the hart away from the thread at any moment; afterwards a barrier, on another hart that
 * learned of it, waits for its callback. */
active proctype interrupt()
{
	bool first;
	byte before, target;

	atomic { !in_irq -> in_irq = true };
	push_and_mark(0, first);
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

#define SOME (marked[0] || marked[1])

inline take(h)
{
	n = n + queue[h];
	queue[h] = 0
}

inline take_marks()
{
#ifdef STALE_MARKS
	left[0] = marked[0];
	left[1] = marked[1];
	atomic { marked[0] = false; marked[1] = false }
#else
	atomic { left[0] = marked[0]; left[1] = marked[1]; marked[0] = false; marked[1] = false }
#endif
}

inline take_left()
{
	atomic {
		if
		:: left[0] -> take(0)
		:: else
		fi
	};
	atomic {
		if
		:: left[1] -> take(1)
		:: else
		fi
	}
}

active proctype taker()
{
	bool all;
	bool left[2];
	byte n;

end:
	do
	:: SOME || wanted ->
		atomic { all = wanted; wanted = false };
		if
		:: all -> atomic { seq = seq_new; seq_new = seq_new + 1 }
		:: else
		fi;
		n = 0;
		if
#ifndef BARRIER_BY_MARK
#ifdef TAKE_NO_RELEASE
		:: all -> atomic { take(0) }; atomic { take(1) }
#else
		:: all -> atomic { seq = seq_new; take(0) }; atomic { take(1) }
#endif
		:: !all && SOME ->
#else
		:: SOME ->
#endif
#ifdef TAKE_FIRST
			left[0] = marked[0];
			left[1] = marked[1];
			take_left();
			atomic { marked[0] = marked[0] && !left[0]; marked[1] = marked[1] && !left[1] }
#else
			take_marks();
			take_left()
#endif
		:: else
		fi;
		called = called + n;
		if
		:: all -> atomic { seq = seq_new; seq_new = seq_new + 1 }; seq = seq_new
		:: else
		fi
	:: !SOME && !wanted && all_pushed == 2 && barriers == 1 ->
		/* Nobody will push or ask any more. */
		assert(SOME || wanted || called == pushed);
		break
	od
}
