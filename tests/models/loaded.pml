/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables that are cut off, against a hart that comes and goes with the VM: guest/riscv/vcpu_where.h, guest/riscv/gfence.c,
 * tags [G1] and [G4], with explicit store buffers, as in kick.pml.
 *
 * One hart cuts tables off, stores the number of the change, fence, reads where the vCPU is loaded, calls that
 * hart if it is, and gives the tables away. The other one loads the vCPU three times: says so, fence, reads the
 * number, forgets what leads to the tables if it is new, writes hgatp; takes interrupts for a while; and puts
 * it: hgatp 0, fence, says so. A walk by speculation may happen whenever hgatp is not 0, and remembers its way.
 *
 * The claim: no walk goes the old way once the tables are another's. Faults:
 *   -DNO_LOAD_FENCE	no fence between where and the number in vcpu_load()
 *   -DNO_SEQ_FENCE	no fence between the number and where in vmid_vm_changed_pages()
 *   -DNO_PUT_FENCE	where is stored before the write of hgatp has been performed, in vcpu_put()
 *   -DFORGET_LATE	what led there is forgotten only after hgatp was written
 *   -DNO_CALL		a hart that waits, in no run, is not called
 */
#define NOWAY 0
#define OLD   1
#define NEW   2

bool cut, given_away;		  /* the tables */
bool seq, loaded;		  /* memory */
bool seq_buffered;		  /* the caller's store buffer: seq = true */
bool loaded_buffered, loaded_new; /* the hart's: loaded */
bool hgatp, hgatp_late;		  /* leads to the tables; a write of 0 is on its way */
byte way;			  /* the hart's */
bool call, answered;

inline store_loaded(v)
{
	atomic {
		if
		:: loaded_buffered -> loaded = loaded_new
		:: else
		fi;
		loaded_new = v;
		loaded_buffered = true
	}
}

inline drain_loaded()
{
	atomic {
		if
		:: loaded_buffered -> loaded = loaded_new; loaded_buffered = false
		:: else
		fi
	}
}

active proctype memory()
{
end:
	do
	:: atomic { loaded_buffered -> loaded = loaded_new; loaded_buffered = false }
	:: atomic { seq_buffered -> seq = true; seq_buffered = false }
	:: atomic { hgatp_late -> hgatp = false; hgatp_late = false }
	od
}

active proctype walks()
{
end:
	do
	:: atomic {
		hgatp ->
			if
			:: way == NOWAY && cut -> way = NEW
			:: way == NOWAY && !cut -> way = OLD
			:: else
			fi;
			assert(!(way == OLD && given_away))
	   }
	od
}

/* In an interrupt, which comes when they are on. */
inline take_call()
{
	if
	:: call -> call = false; way = NOWAY; drain_loaded(); answered = true
	:: true
	fi
}

active proctype hart()
{
	byte i;
	bool known, saw;

	for (i : 1 .. 3) {
		store_loaded(true);
#ifndef NO_LOAD_FENCE
		drain_loaded();
#endif
		saw = seq;
#ifdef FORGET_LATE
		atomic { hgatp_late = false; hgatp = true };
#endif
		if
		:: saw != known -> way = NOWAY; known = saw
		:: else
		fi;
#ifndef FORGET_LATE
		atomic { hgatp_late = false; hgatp = true };
#endif
		take_call();
		/* vcpu_put() */
		hgatp_late = true;
#ifndef NO_PUT_FENCE
		atomic {
			if
			:: hgatp_late -> hgatp = false; hgatp_late = false
			:: else
			fi
		};
		drain_loaded();
#endif
		store_loaded(false);
		take_call()
	};
end:
	do
	:: call -> call = false; way = NOWAY; drain_loaded(); answered = true
	od
}

active proctype caller()
{
	cut = true;
	seq_buffered = true;
#ifndef NO_SEQ_FENCE
	atomic {
		if
		:: seq_buffered -> seq = true; seq_buffered = false
		:: else
		fi
	};
#endif
	if
#ifndef NO_CALL
	:: loaded -> call = true; answered
#endif
	:: else
	fi;
	given_away = true
}
