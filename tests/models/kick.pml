/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kick against an entry: entry/run.c, tag [K1], invariant E6, with explicit store buffers.
 *
 * Spin is sequentially consistent, so each hart has a buffer of one store here: a store goes into
 * the buffer, and comes to memory at any later moment, or at the latest when the hart's next store
 * or a fence needs the buffer empty. A hart's loads look into its own buffer first. That is enough
 * for the two orders that matter, store before load on either side (each side stores one word that
 * the other loads); on RISC-V the rest is kept by the fences as well, since they are rw,rw.
 *
 * The vCPU's hart: mode = IN_GUEST, fence, look at the requests. If there are none it is in the
 * guest until an interrupt is pending, comes out and looks again; if there is one, and only then,
 * work() takes it, and the hart looks again as well. The other hart: set a request,
 * fence, load the mode, kick if it says IN_GUEST. Three requests in a row, each once the one before
 * was taken, so that the words are used again in every state.
 *
 * The claim: a request is always taken in the end. Faults, to show that the model sees them:
 *   -DNO_ENTRY_FENCE	no fence between mode and requests in work_pending()
 *   -DNO_KICK_FENCE	no fence between request and mode in guest_kick(), and the request a store
 *			that is not a fence by itself
 *   -DLOOK_FIRST	the requests are looked at before the mode is stored
 *   -DKICK_IS_LOST	a kick that comes before the guest runs is not kept pending
 */
#define ROUNDS 3

bool request, in_guest;	      /* memory */
bool mode_buffered, mode_new; /* store buffer of the vCPU's hart: in_guest */
bool request_buffered;	      /* store buffer of the other hart: request = true */
bool pending;		      /* the interrupt line of the vCPU's hart */
bool running;		      /* the guest is running */
byte taken;

inline store_mode(v)
{
	atomic {
		if
		:: mode_buffered -> in_guest = mode_new
		:: else
		fi;
		mode_new = v;
		mode_buffered = true
	}
}

inline drain_mode()
{
	atomic {
		if
		:: mode_buffered ->
			in_guest = mode_new;
			mode_buffered = false
		:: else
		fi
	}
}

inline drain_request()
{
	atomic {
		if
		:: request_buffered ->
			request = true;
			request_buffered = false
		:: else
		fi
	}
}

/* A buffered store may come to memory at any time. */
active proctype memory()
{
end:
	do
	:: atomic { mode_buffered -> in_guest = mode_new; mode_buffered = false }
	:: atomic { request_buffered -> request = true; request_buffered = false }
	od
}

active proctype vcpu()
{
	bool looked;

	do
	:: taken == ROUNDS -> break
	:: else ->
		/* work_pending() */
#ifdef LOOK_FIRST
		looked = request;
#endif
		store_mode(true);
#ifndef NO_ENTRY_FENCE
		drain_mode();
#endif
#ifndef LOOK_FIRST
		looked = request;
#endif
		if
		:: looked ->
			/* do_work(): guest_request_take(), a read-modify-write, which is a fence */
			store_mode(false);
			drain_mode();
			atomic {
				if
				:: request -> request = false; taken++
				:: else
				fi
			}
		:: else ->
			/* guest_run(): nothing but an interrupt ends it; handle_exit() */
			running = true;
in_the_guest:
			atomic { pending -> pending = false; running = false };
			store_mode(false)
		fi
	od
}

active proctype other()
{
	byte i;
	bool saw;

	for (i : 1 .. ROUNDS) {
		/* guest_request(): a read-modify-write with release only */
		request_buffered = true;
#ifndef NO_KICK_FENCE
		drain_request();
#endif
		saw = in_guest;
		if
		:: saw ->
			/* arch_kick(): a store to a device; what came before is visible first */
			drain_request();
#ifdef KICK_IS_LOST
			atomic {
				if
				:: running -> pending = true
				:: else
				fi
			}
#else
			pending = true
#endif
		:: else
		fi;
		drain_request();
		taken >= i
	}
}
