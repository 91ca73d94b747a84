/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grace periods: rcu/rcu.c, with explicit store buffers (Spin itself is sequentially consistent).
 *
 * One hart goes in and out of readers, two updaters each take one thing out, wait and free it. A
 * store waits in a buffer of its own hart and word, and comes to memory at any later moment, at
 * the latest at a full fence, or when the next store to that word needs the buffer. Loads see
 * memory. An interrupt comes at any point at which the hart has them on, in the middle of a reader and in a
 * quiescent state too; its handler is a reader within the bracket of context_irq_enter(), which takes a
 * counter that is odd for a hart that is watched. The compare-and-swap that begins a grace period is an LR/SC pair with acquire on RISC-V:
 * its store may come to memory after later loads, though nobody else can win it meanwhile.
 *
 * The claim: no reader uses a thing that was freed; and nobody waits for ever.
 * Faults, to show that the model sees them:
 *   -DNO_EXIT_FENCE	rcu_eqs_exit() without its fence			[P2]
 *   -DNO_SCAN_FENCE	gp_begin() without its fence				[P2]
 *   -DNO_JOIN_FENCE	synchronize_rcu() without its fence			[P4]
 *   -DNO_ENTER_RELEASE	a reader's last access after the counter of rcu_eqs_enter() [P1]
 *   -DNO_NOTE_RELEASE	the same with rcu_note_quiescent_irqoff()			[P3]
 *   -DNO_NOTE_FENCE	rcu_note_quiescent_irqoff() without its fence			[P3]
 *   -DIRQ_IN_NOTE	rcu_note_quiescent_irqoff() is called with interrupts on	[P3]
 *   -DIRQ_IN_EXIT	rcu_eqs_exit() is called with interrupts on			[P2]
 *   -DJOIN_UNDER_WAY	a grace period that began before is good enough
 */
#define READS 3
#define IRQS 1

bool out[2];			     /* memory: the thing was taken out */
bool out_buffered[2];		     /* the updaters' buffers */
bool freed[2];
byte gp_seq;
bool gp_owned, gp_buffered;	     /* the swap was won; its store is still in the buffer */
byte counter;			     /* memory: odd is watching */
byte counter_new;		     /* what the hart stored last; not in memory if it differs */
bool irqs_on, in_irq;

inline drain_counter()
{
	counter = counter_new
}

inline drain_updater(u)
{
	atomic {
		if
		:: out_buffered[u] -> out[u] = true; out_buffered[u] = false
		:: else
		fi
	}
}

inline drain_swap()
{
	atomic {
		if
		:: gp_buffered -> gp_seq++; gp_buffered = false
		:: else
		fi
	}
}

active proctype memory()
{
end:
	do
	:: atomic { counter != counter_new -> drain_counter() }
	:: atomic { out_buffered[0] -> out[0] = true; out_buffered[0] = false }
	:: atomic { out_buffered[1] -> out[1] = true; out_buffered[1] = false }
	:: atomic { gp_buffered -> gp_seq++; gp_buffered = false }
	od
}

inline store_counter(v)
{
	atomic { drain_counter(); counter_new = v }
}

inline use()
{
	assert(!(saw && freed[which]))
}

inline begin()
{
	if
	:: which = 0
	:: which = 1
	fi;
	saw = !out[which] /* rcu_dereference() */
}

/* rcu_eqs_exit() */
inline eqs_exit()
{
	store_counter(counter_new + 1);
#ifndef NO_EXIT_FENCE
	drain_counter()
#endif
}

inline off()
{
	irqs_on = false
}

inline on()
{
	irqs_on = true
}

active proctype hart() provided (!in_irq)
{
	byte n;
	byte which;
	bool saw;

away:
#ifndef IRQ_IN_EXIT
	off();
#endif
	eqs_exit();
	on();
watching:
	begin();
	use();
	n++;
	if
	:: n < READS ->
		/* rcu_eqs_enter() */
#ifdef NO_ENTER_RELEASE
		off();
		store_counter(counter_new + 1);
		use();
#else
		use();
		off();
		store_counter(counter_new + 1);
#endif
		on();
		goto away
	:: n < READS ->
		/* rcu_note_quiescent_irqoff() */
#ifndef NO_NOTE_RELEASE
		use();
#endif
#ifndef IRQ_IN_NOTE
		off();
#endif
		store_counter(counter_new + 2);
#ifdef NO_NOTE_RELEASE
		use();
#endif
#ifndef NO_NOTE_FENCE
		drain_counter();
#endif
		on();
		goto watching
	:: n == READS ->
		use();
		off();
		store_counter(counter_new + 1)
	fi
}

active proctype interrupt()
{
	byte n;
	byte which;
	bool saw, was_quiet;

end:
	do
	:: atomic { n < IRQS && irqs_on && !in_irq -> in_irq = true };
		/* context_irq_enter() */
		was_quiet = (counter_new % 2 == 0);
		if
		:: was_quiet -> eqs_exit()
		:: else
		fi;
		begin();
		use();
		use();
		if
		:: was_quiet -> store_counter(counter_new + 1)
		:: else
		fi;
		saw = false;
		n++;
		in_irq = false
	:: n == IRQS -> break
	od
}

proctype updater(byte u)
{
	byte target, seen;

	out_buffered[u] = true;
	/* synchronize_rcu() */
#ifndef NO_JOIN_FENCE
	drain_updater(u);
#endif
#ifdef JOIN_UNDER_WAY
	target = ((gp_seq + 2) / 2) * 2;
#else
	target = ((gp_seq + 3) / 2) * 2;
#endif
	do
	:: gp_seq >= target -> break
	:: atomic { gp_seq < target && gp_seq % 2 == 0 && !gp_owned ->
			gp_owned = true;
			gp_buffered = true
		}
		/* gp_begin() */
#ifndef NO_SCAN_FENCE
		drain_swap();
		drain_updater(u);
#endif
		seen = counter;
		/* gp_passed() */
		if
		:: seen % 2 == 0
		:: seen % 2 == 1 -> counter != seen
		fi;
		/* gp_end(): a release, so what this hart stored before is in memory */
		atomic {
			drain_swap();
			drain_updater(u);
			gp_seq++;
			gp_owned = false
		}
	od;
	freed[u] = true
}

init {
	atomic {
		run updater(0);
		run updater(1)
	}
}
