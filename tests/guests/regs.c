// SPDX-License-Identifier: BSD-2-Clause
/*
 * All of the floating-point and vector state of each hart, with values of its own that change from
 * round to round, over times in which the hart is taken away and given to somebody who does the same
 * with other values: another hart of this VM, another VM. tests/boot/regs.t runs it, several at a
 * time, with these boot arguments:
 *
 *	id=N	values of its own
 *	plan=S	letters of scenes[], which the harts go through by turns, each from another one on
 *	time=N	for so many milliseconds of the VM's clock; but the whole plan at least
 *
 * That a hart was taken away is what SBI STA says: each scene lasts until it is.
 */
#include "rt.h"

#include <string.h>

void fp_load(const u64 f[32], u64 fcsr);
u64 fp_save(u64 f[32]);
void fp_set_f9(u64 bits);
void fp_set_fcsr(u64 fcsr);
void fp_raise_invalid(void);
u64 vec_bytes(void);
void vec_load(const u8 *v, u64 vl, u64 vtype, u64 vcsr);
void vec_save(u8 *v, u64 csrs[4]);
void vec_set_v9(const u8 *v);
void vec_set_vl(u64 vl, u64 vtype);
void vec_set_vxrm(u64 vxrm);
void vec_set_vxsat(u64 vxsat);
void vec_set_vstart(u64 vstart);

#define FS_INITIAL (1UL << 13)
#define FS_CLEAN   (2UL << 13)
#define VS_INITIAL (1UL << 9)
#define VS_CLEAN   (2UL << 9)

#define MAX_VLENB 256
#define VILL	  (1UL << 63)
#define FCSR_NV	  (1UL << 4)

#define NOT_A_NUMBER 0x7ff0000000000001UL

/* How long a hart waits for another vCPU to take it, and how much steal says that one did: limen's
 * own threads make less. */
#define PATIENCE_MS 200
#define STOLEN_US   500

/* In the order in which vec_save() gives the first four. */
enum { VL, VTYPE, VCSR, VSTART, VEC_CSRS };

struct regs {
	u64 f[32], fcsr;
	u64 csr[VEC_CSRS];
	u8 v[32 * MAX_VLENB];
};

struct sta_record {
	u32 sequence;
	u32 flags;
	u64 steal; /* ns */
	u8 preempted;
	u8 pad[47];
};

static struct regs want[MAX_HARTS], got[MAX_HARTS];
static struct sta_record record[MAX_HARTS] __attribute__((aligned(64)));
static u32 stays[MAX_HARTS], taken_away[MAX_HARTS];
static u64 vlenb, until_ms;
static bool have_fp, have_vec;

static u32 me(void)
{
	return this_hart()->index;
}

static void fs_set(u64 fs)
{
	csr_clear(sstatus, SSTATUS_FS);
	csr_set(sstatus, have_fp ? fs : 0);
}

static void vs_set(u64 vs)
{
	csr_clear(sstatus, SSTATUS_VS);
	csr_set(sstatus, have_vec ? vs : 0);
}

/* ---- being taken away ---------------------------------------------------------------------- */

static u64 stolen(void)
{
	const struct sta_record *r = &record[me()];
	u32 before;
	u64 steal;

	do {
		before = READ_ONCE(r->sequence);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		steal = READ_ONCE(r->steal);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (before & 1 || before != READ_ONCE(r->sequence));
	return steal;
}

/* Ways out of the guest that limen answers inside the run, with RCU watching or not, or outside. */
static void leave(u64 i)
{
	switch (i % 4) {
	case 0: sbi(SBI_EXT_BASE, BASE_GET_SPEC_VERSION); break;
	case 1: sbi(SBI_EXT_DBCN, DBCN_WRITE, 0, 0, 0); break;
	case 2: (void)*(volatile u8 *)(machine.uart + 7); break;
	default: sbi(SBI_EXT_PMU, PMU_NUM_COUNTERS); break;
	}
}

/* Computes until somebody else had the hart; in each other round with exits of its own. */
static void stay(u64 round)
{
	u64 before = stolen(), end = now() + ms(PATIENCE_MS);
	bool taken;

	for (u64 i = 0; !(taken = stolen() - before > STOLEN_US * 1000) && now() < end; i++)
		if (round % 2)
			leave(i);
	stays[me()]++;
	taken_away[me()] += taken;
}

/* ---- values -------------------------------------------------------------------------------- */

static u64 mix(u64 x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9UL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebUL;
	return x ^ x >> 31;
}

/* Another at each call, and on each hart, and in each VM. */
static u64 any(void)
{
	static u64 calls[MAX_HARTS];

	return mix(machine_bootarg_number("id") << 56 | (u64)me() << 48 | ++calls[me()]);
}

/* A vtype with some vl that fits, or each fifteenth time the one that is no type. */
static void any_type(u64 *csr)
{
	u64 sew = any() % 4, lmul = any() % 4;

	if (any() % 15 == 0) {
		csr[VTYPE] = VILL;
		csr[VL] = 0;
		return;
	}
	csr[VTYPE] = any() % 4 << 6 | sew << 3 | lmul;
	csr[VL] = any() % ((vlenb >> sew << lmul) + 1);
}

static u64 any_fcsr(void)
{
	return any() % 5 << 5 | any() % 32;
}

static void load_fp(void)
{
	struct regs *w = &want[me()];

	if (!have_fp)
		return;
	for (int i = 0; i < 32; i++)
		w->f[i] = any();
	w->f[10] |= NOT_A_NUMBER; /* for fp_raise_invalid() */
	w->fcsr = any_fcsr();
	fs_set(FS_INITIAL);
	fp_load(w->f, w->fcsr);
}

static void load_vec(void)
{
	struct regs *w = &want[me()];

	if (!have_vec)
		return;
	for (u64 i = 0; i < 32 * vlenb; i += 8)
		*(u64 *)(w->v + i) = any();
	any_type(w->csr);
	w->csr[VCSR] = any() % 8;
	w->csr[VSTART] = any() % vlenb;
	vs_set(VS_INITIAL);
	vec_load(w->v, w->csr[VL], w->csr[VTYPE], w->csr[VCSR]);
	vec_set_vstart(w->csr[VSTART]);
}

/* ---- looking ------------------------------------------------------------------------------- */

static void look_fp(const char *when)
{
	const struct regs *w = &want[me()];
	struct regs *g = &got[me()];

	if (!have_fp)
		return;
	fs_set(FS_CLEAN);
	g->fcsr = fp_save(g->f);
	for (int i = 0; i < 32; i++)
		if (g->f[i] != w->f[i])
			test_fail("%s: hart %u: f%d was 0x%lx, is 0x%lx", when, me(), i, w->f[i],
				  g->f[i]);
	if (g->fcsr != w->fcsr)
		test_fail("%s: hart %u: fcsr was 0x%lx, is 0x%lx", when, me(), w->fcsr, g->fcsr);
}

static void look_vec(const char *when)
{
	static const char *const names[] = {"vl", "vtype", "vcsr", "vstart"};
	struct regs *w = &want[me()], *g = &got[me()];

	if (!have_vec)
		return;
	vs_set(VS_CLEAN);
	vec_save(g->v, g->csr);
	for (int i = 0; i < VEC_CSRS; i++)
		if (g->csr[i] != w->csr[i])
			test_fail("%s: hart %u: %s was 0x%lx, is 0x%lx", when, me(), names[i],
				  w->csr[i], g->csr[i]);
	for (u64 i = 0; i < 32 * vlenb; i++)
		if (g->v[i] != w->v[i])
			test_fail("%s: hart %u: byte %lu of v%lu was 0x%x, is 0x%x", when, me(),
				  i % vlenb, i / vlenb, w->v[i], g->v[i]);
	w->csr[VSTART] = 0; /* by the look itself */
}

static void look(const char *when)
{
	look_fp(when);
	look_vec(when);
}

static void touch_vec(u64 arg)
{
	(void)arg;
	vec_bytes();
}

/* What others have in the hart is not this VM's: not even with VS on. */
static void look_hidden(void)
{
	if (have_vec)
		return;
	csr_set(sstatus, SSTATUS_VS);
	T_EQ(trap_try(touch_vec, 0), 2);
	csr_clear(sstatus, SSTATUS_VS);
}

/* ---- scenes: what a hart has on while it is taken away --------------------------------------- */

static void scene_both(u64 round)
{
	load_fp();
	load_vec();
	stay(round);
	look("FP and vector");
}

static void scene_fp(u64 round)
{
	vs_set(0);
	load_fp();
	stay(round);
	look_fp("FP alone");
}

static void scene_vec(u64 round)
{
	fs_set(0);
	load_vec();
	stay(round);
	look_vec("vector alone");
}

/* Off does not mean lost. */
static void scene_off(u64 round)
{
	load_fp();
	load_vec();
	fs_set(0);
	vs_set(0);
	stay(round);
	look("off meanwhile");
}

static void scene_clean(u64 round)
{
	load_fp();
	load_vec();
	fs_set(FS_CLEAN);
	vs_set(VS_CLEAN);
	stay(round);
	look("clean meanwhile");
	stay(round);
	look("clean, and only read");
}

static void scene_initial(u64 round)
{
	load_fp();
	load_vec();
	fs_set(FS_INITIAL);
	vs_set(VS_INITIAL);
	stay(round);
	look("initial meanwhile");
}

static void change_fp(u64 which)
{
	struct regs *w = &want[me()];

	switch (which) {
	case 0: fp_set_f9(w->f[9] = any()); break;
	case 1: fp_set_fcsr(w->fcsr = any_fcsr()); break;
	default: fp_raise_invalid(), w->fcsr |= FCSR_NV; break;
	}
}

static void change_vec(u64 which)
{
	struct regs *w = &want[me()];

	switch (which) {
	case 0:
		w->csr[VSTART] = 0; /* as after each vector instruction */
		vec_set_vstart(0);
		for (u64 i = 0; i < vlenb; i++)
			w->v[9 * vlenb + i] = (u8)any();
		vec_set_v9(w->v + 9 * vlenb);
		break;
	case 1:
		any_type(w->csr);
		w->csr[VSTART] = 0;
		vec_set_vl(w->csr[VL], w->csr[VTYPE]);
		break;
	case 2:
		w->csr[VCSR] = (w->csr[VCSR] & 1) | any() % 4 << 1;
		vec_set_vxrm(w->csr[VCSR] >> 1);
		break;
	case 3:
		w->csr[VCSR] ^= 1;
		vec_set_vxsat(w->csr[VCSR] & 1);
		break;
	default: vec_set_vstart(w->csr[VSTART] = any() % vlenb); break;
	}
}

/* One register changes, after all of them went to memory and came back: that, too, has to be seen. */
static void scene_one(u64 round)
{
	for (u64 which = 0; which < 5 && !test_failed(); which++) {
		load_fp();
		load_vec();
		stay(round);
		if (have_fp && which < 3)
			change_fp(which);
		if (have_vec)
			change_vec(which);
		stay(round);
		look("one of them changed");
	}
}

static const struct {
	char letter;
	void (*fn)(u64 round);
} scenes[] = {
	{'b', scene_both},  {'f', scene_fp},	  {'v', scene_vec}, {'o', scene_off},
	{'c', scene_clean}, {'i', scene_initial}, {'1', scene_one},
};

static void play(char letter, u64 round)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(scenes); i++) {
		if (scenes[i].letter != letter)
			continue;
		scenes[i].fn(round);
		return;
	}
	test_fail("plan: no scene %c", letter);
}

static u64 plan_length(const char *plan)
{
	return plan ? strcspn(plan, " ") : 0;
}

/* Nothing that another has left in the hart: a hart begins with zeros. */
static void look_fresh(void)
{
	memset(&want[me()], 0, sizeof(want[0]));
	look("a hart begins");
}

static void hart_rounds(u64 fresh)
{
	const char *plan = machine_bootarg("plan");
	u64 length = plan_length(plan), end = ms(until_ms);

	memset(&record[me()], 0, sizeof(record[0]));
	T_EQ(sbi(SBI_EXT_STA, STA_SET_SHMEM, (u64)&record[me()], 0, 0).error, 0);
	if (fresh)
		look_fresh();
	for (u64 i = 0; (i < length || now() < end) && !test_failed(); i++) {
		play(plan[(i + 2 * me()) % length], i);
		look_hidden();
	}
	fs_set(0);
	vs_set(0);
	T_EQ(sbi(SBI_EXT_STA, STA_SET_SHMEM, ~0UL, ~0UL, 0).error, 0);
}

static void on_all_harts(u64 fresh)
{
	for (unsigned int i = 1; i < hart_count(); i++)
		T_EQ(hart_start(i, hart_rounds, 1), 0);
	hart_rounds(fresh);
	for (unsigned int i = 1; i < hart_count(); i++)
		T_OK(hart_join(i));
}

static void keep(void)
{
	have_fp = machine_has("d");
	have_vec = machine_has("v");
	if (have_vec) {
		vs_set(VS_INITIAL);
		vlenb = vec_bytes();
		vs_set(0);
		if (!T_OK(vlenb <= MAX_VLENB))
			return;
	}
	until_ms = machine_bootarg_number("time") / 2;
	if (T_OK(have_fp) && T_OK(hart_count() <= MAX_HARTS) &&
	    T_OK(plan_length(machine_bootarg("plan"))))
		on_all_harts(1);
}

/* Harts that were stopped begin with zeros once more. */
static void keep_again(void)
{
	until_ms *= 2;
	on_all_harts(0);
}

/* A scene in which nobody took the hart away has shown nothing: the last ones, perhaps, when the
 * others have come to their ends. */
static void was_taken(void)
{
	for (unsigned int i = 0; i < hart_count(); i++) {
		print("# hart %u: taken away in %u scenes of %u\n", i, taken_away[i], stays[i]);
		if (taken_away[i] * 2 < stays[i] || !stays[i])
			test_fail("hart %u was taken away in %u scenes of %u", i, taken_away[i],
				  stays[i]);
	}
}

const struct test guest_tests[] = {
	{"FP and vector state stays a hart's own", keep},
	{"the same on harts that begin anew", keep_again},
	{"somebody else had the hart meanwhile", was_taken},
	{NULL, NULL},
};
