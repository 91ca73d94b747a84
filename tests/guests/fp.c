// SPDX-License-Identifier: BSD-2-Clause
/*
 * Floating-point and vector state stays a hart's own: over calls, device accesses, timer interrupts
 * and sleep, and while other harts, with other values, take turns on the same piece of hardware.
 *
 * # expect: pass
 * # harts: 2
 */
#include "rt.h"

#include <string.h>

void fp_load(const u64 f[32], u64 fcsr);
u64 fp_save(u64 f[32]);
void fp_touch(void);
void fp_dirty(void);
u64 vec_bytes(void);
void vec_load(const u8 *v, u64 vl, u64 vtype, u64 vcsr);
void vec_save(u8 *v, u64 csrs[4]);

#define FS_INITIAL  (1UL << 13)
#define FS_CLEAN    (2UL << 13)
#define VS_CLEAN    (2UL << 9)
#define MAX_VLENB   256
#define VTYPE_E32M1 0x10

static void fs_set(u64 fs)
{
	csr_clear(sstatus, SSTATUS_FS);
	csr_set(sstatus, fs);
}

static void vs_set(u64 vs)
{
	csr_clear(sstatus, SSTATUS_VS);
	csr_set(sstatus, vs);
}

static void on_timer(struct hart *h)
{
	(void)h;
	timer_set(now() + us(200));
}

/* Things that make a hart leave the guest, by turns. */
static void leave(u64 i)
{
	switch (i % 4) {
	case 0: sbi(SBI_EXT_BASE, BASE_GET_SPEC_VERSION); break;
	case 1: sbi(SBI_EXT_DBCN, DBCN_WRITE, 0, 0, 0); break;
	case 2: wfi(); break;
	default:
		if (machine.uart)
			(void)*(volatile u8 *)(machine.uart + 7);
		for (u64 end = now() + us(300); now() < end;)
			;
	}
}

static void pattern(u64 *f, u64 seed)
{
	for (u64 i = 0; i < 32; i++)
		f[i] = (seed << 56 | i << 48 | 0x123456789abcUL) ^ seed * 0x9e3779b97f4a7c15UL;
}

static void fp_keep(u64 seed, u64 turns)
{
	u64 f[32], got[32];

	fs_set(FS_INITIAL);
	for (u64 i = 0; i < turns && !test_failed(); i++) {
		u64 fcsr = (seed + i) & 0xff & ~0xe0UL, back;

		/* frm 0..4 are valid; flags any */
		fcsr |= ((seed + i) % 5) << 5;
		pattern(f, seed + i);
		fp_load(f, fcsr);
		leave(i);
		back = fp_save(got);
		T_EQ(back, fcsr);
		for (int r = 0; r < 32; r++)
			if (got[r] != f[r])
				test_fail("turn %lu: f%d was 0x%lx, is 0x%lx", i, r, f[r], got[r]);
	}
	fs_set(0);
}

static void vec_keep(u64 seed, u64 turns)
{
	static u8 want[MAX_HARTS][32 * MAX_VLENB], got[MAX_HARTS][32 * MAX_VLENB];
	u32 me = this_hart()->index;
	u64 csrs[4], vlenb;

	vs_set(VS_CLEAN);
	vlenb = vec_bytes();
	if (!T_OK(vlenb <= MAX_VLENB))
		return;
	for (u64 i = 0; i < turns && !test_failed(); i++) {
		u64 vl = 1 + (seed + i) % (vlenb / 4), vcsr = (seed + i) % 8;

		for (u64 b = 0; b < 32 * vlenb; b++)
			want[me][b] = (u8)(seed * 77 + i * 13 + b + (b >> 8));
		vec_load(want[me], vl, VTYPE_E32M1, vcsr);
		leave(i);
		vec_save(got[me], csrs);
		T_EQ(csrs[0], vl);
		T_EQ(csrs[1], VTYPE_E32M1);
		T_EQ(csrs[2], vcsr);
		T_EQ(csrs[3], 0);
		if (memcmp(want[me], got[me], 32 * vlenb))
			test_fail("turn %lu: vector registers changed", i);
	}
	vs_set(0);
}

static bool have_fp(void)
{
	return machine_has("d");
}

static bool have_vec(void)
{
	return machine_has("v");
}

static void start_ticking(void)
{
	this_hart()->on_irq[IRQ_TIMER] = on_timer;
	csr_set(sie, 1UL << IRQ_TIMER);
	timer_set(now());
	irq_on();
}

static void stop_ticking(void)
{
	irq_off();
	csr_write(sie, 0);
	timer_set(~0UL);
}

static void fp_turns(u64 seed)
{
	start_ticking();
	fp_keep(seed, 1000);
	stop_ticking();
}

static void vec_turns(u64 seed)
{
	start_ticking();
	vec_keep(seed, 400);
	stop_ticking();
}

static void fp_alone(void)
{
	SKIP_IF(!have_fp(), "no D");
	fp_turns(1);
}

static void vec_alone(void)
{
	SKIP_IF(!have_vec(), "no V");
	vec_turns(1);
}

static void on_all_harts(void (*fn)(u64 seed))
{
	unsigned int n = hart_count() < MAX_HARTS ? hart_count() : MAX_HARTS;

	for (unsigned int i = 1; i < n; i++)
		T_EQ(hart_start(i, fn, 1000 * i), 0);
	fn(7);
	for (unsigned int i = 1; i < n; i++)
		T_OK(wait_for(sbi_hart_status(harts[i].id).value == HSM_STOPPED, 60000));
}

static void fp_all(void)
{
	SKIP_IF(!have_fp(), "no D");
	SKIP_IF(hart_count() < 2, "one hart");
	on_all_harts(fp_turns);
}

static void vec_all(void)
{
	SKIP_IF(!have_vec(), "no V");
	SKIP_IF(hart_count() < 2, "one hart");
	on_all_harts(vec_turns);
}

/* One hart uses floating point, the others vectors. */
static void both(u64 seed)
{
	if (this_hart()->index % 2)
		vec_turns(seed);
	else
		fp_turns(seed);
}

static void mixed(void)
{
	SKIP_IF(!have_fp() || !have_vec(), "no D or no V");
	SKIP_IF(hart_count() < 2, "one hart");
	on_all_harts(both);
}

static void call(u64 fn)
{
	((void (*)(void))fn)();
}

/* Off means off: an illegal instruction, even when the hypervisor has use for the state. */
static void off_traps(void)
{
	SKIP_IF(!have_fp(), "no D");
	start_ticking();
	for (u64 i = 0; i < 4; i++) {
		fs_set(0);
		leave(i);
		T_EQ(trap_try(call, (u64)fp_touch), 2);
		T_EQ(trap_try(call, (u64)fp_dirty), 2);
		fs_set(FS_INITIAL);
		T_EQ(trap_try(call, (u64)fp_dirty), NO_TRAP);
	}
	fs_set(0);
}

static void vec_off_traps(void)
{
	SKIP_IF(!have_vec(), "no V");
	start_ticking();
	for (u64 i = 0; i < 4; i++) {
		vs_set(0);
		leave(i);
		T_EQ(trap_try(call, (u64)vec_bytes), 2);
		vs_set(VS_CLEAN);
		T_EQ(trap_try(call, (u64)vec_bytes), NO_TRAP);
	}
	vs_set(0);
}

/* FS is the guest's: leaving the guest does not make it dirtier or cleaner. */
static void status(void)
{
	static const u64 states[] = {0, FS_INITIAL, FS_CLEAN, SSTATUS_FS};

	SKIP_IF(!have_fp(), "no D");
	start_ticking();
	for (u64 i = 0; i < 16; i++) {
		u64 fs = states[i % 4];

		fs_set(fs);
		leave(i / 4);
		T_EQ(csr_read(sstatus) & SSTATUS_FS, fs);
	}
	fs_set(FS_CLEAN);
	fp_dirty();
	T_EQ(csr_read(sstatus) & SSTATUS_FS, SSTATUS_FS);
	leave(1);
	T_EQ(csr_read(sstatus) & SSTATUS_FS, SSTATUS_FS);
	fs_set(0);
}

/* Without an F in the tree there is no floating point to be found. */
static void absent(void)
{
	SKIP_IF(have_fp(), "D is there");
	fs_set(SSTATUS_FS);
	T_EQ(csr_read(sstatus) & SSTATUS_FS, 0);
	T_EQ(trap_try(call, (u64)fp_touch), 2);
}

const struct test guest_tests[] = {
	{"FP off traps", off_traps},
	{"vector off traps", vec_off_traps},
	{"FS is kept", status},
	{"without D there is no FP", absent},
	{"FP registers over exits", fp_alone},
	{"vector registers over exits", vec_alone},
	{"FP registers, all harts at once", fp_all},
	{"vector registers, all harts at once", vec_all},
	{"FP on one hart, vectors on the next", mixed},
	{NULL, NULL},
};
