/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A wake-up against a wait: hyp/sched/thread.c, tag [W1], with store buffers as in kick.pml.
 *
 * The waiter waits in place: it says HERE, fence, looks at its condition, and idles until an interrupt;
 * then it looks again. When another thread comes to its hart it says BLOCKED, fence, looks once more, and
 * gives the hart up until somebody puts it into a queue. The waker makes the condition true, fence, reads
 * the state: HERE, it kicks the hart; BLOCKED, it puts the thread into a queue. Three wake-ups, each once
 * the one before was seen.
 *
 * The claim: the waiter always sees the condition in the end. Faults, to show that the model sees them:
 *   -DNO_HERE_FENCE	no fence between HERE and the look
 *   -DNO_BLOCKED_FENCE	no fence between BLOCKED and the look
 *   -DNO_WAKE_FENCE	no fence between condition and state in thread_wake()
 *   -DSTILL_HERE	the hart is given up by one that says HERE
 *   -DNO_SECOND_LOOK	the look at HERE does for BLOCKED
 *   -DNO_KICK		who waits in place is not kicked
 */
#define ROUNDS 3

mtype = { RUNNING, HERE, BLOCKED, READY };

mtype state = RUNNING; /* memory */
bool cond;
bool state_buffered; /* store buffer of the waiter's hart: state */
mtype state_new;
bool cond_buffered; /* store buffer of the waker's: cond = true */
bool pending;	    /* the interrupt line of the waiter's hart */
byte seen;

inline drain_state()
{
	atomic {
		if
		:: state_buffered ->
			state = state_new;
			state_buffered = false
		:: else
		fi
	}
}

inline store_state(v)
{
	atomic {
		if
		:: state_buffered -> state = state_new
		:: else
		fi;
		state_new = v;
		state_buffered = true
	}
}

inline drain_cond()
{
	atomic {
		if
		:: cond_buffered ->
			cond = true;
			cond_buffered = false
		:: else
		fi
	}
}

/* A buffered store may come to memory at any time. */
active proctype memory()
{
end:
	do
	:: atomic { state_buffered -> state = state_new; state_buffered = false }
	:: atomic { cond_buffered -> cond = true; cond_buffered = false }
	od
}

active proctype waiter()
{
	bool looked, others;

	do
	:: seen == ROUNDS -> break
	:: else ->
		store_state(HERE);
#ifndef NO_HERE_FENCE
		drain_state();
#endif
		do
		:: looked = cond;
			if
			:: looked -> break
			:: else
			fi;
			if
			:: others = true
			:: others = false
			fi;
			if
			:: others ->
				break
			:: else ->
				/* idle_wait_irqoff() */
				atomic { pending -> pending = false }
			fi
		od;
		if
		:: !looked ->
#ifndef STILL_HERE
			store_state(BLOCKED);
#endif
#ifndef NO_BLOCKED_FENCE
			drain_state();
#endif
#ifndef NO_SECOND_LOOK
			looked = cond;
#endif
			if
			:: !looked ->
				/* schedule(): the switch, under the queue's lock, is a fence */
				drain_state();
				state == READY
			:: else
			fi
		:: else
		fi;
		/* runqueue_resume(); whoever asked takes what it waited for, and its lock is a fence */
		store_state(RUNNING);
		drain_state();
		atomic {
			if
			:: cond -> cond = false; seen++
			:: else
			fi
		}
	od
}

active proctype waker()
{
	byte i;
	mtype saw;

	for (i : 1 .. ROUNDS) {
		cond_buffered = true;
#ifndef NO_WAKE_FENCE
		drain_cond();
#endif
		saw = state;
		if
		:: saw == HERE ->
			/* arch_kick(): what came before is visible first */
			drain_cond();
#ifndef NO_KICK
			pending = true
#endif
		:: saw == BLOCKED ->
			/* runqueue_wake(): under the lock it is looked again */
			drain_cond();
			atomic {
				if
				:: state == BLOCKED && !state_buffered -> state = READY
				:: else
				fi
			}
		:: else
		fi;
		drain_cond();
		seen >= i
	}
}
