// SPDX-License-Identifier: BSD-2-Clause
/*
 * Walks every CSR that has a number for S, HS or U-mode, and what siselect selects, beside another VM
 * that does the same on the same hart: what it finds first has to be what a hart starts with, and later
 * what it has left there itself. tests/boot/csrs.t runs two of it, and reads which CSRs it can reach.
 *
 * Arguments: id=1 or 2 says which words it leaves, rounds=N how often it looks.
 */
#include "rt.h"

extern const char csr_readers[], csr_writers[];
void ctr_clear(void);

#define CSRS	4096
#define SELECTS 0x300
#define ALIASES 6

#define SIP	 0x144
#define STOPEI	 0x15c
#define SISELECT 0x150
#define SCTRCTL	 0x14e
#define SENVCFG	 0x10a

#define CTR_FIRST 0x200
#define CTR_SOME  16 /* the least depth */
#define CTR_OWN	  8  /* more than what lies between its being cleared and read is another's */

/* What is known of a CSR, or of what siselect makes of sireg. */
struct seen {
	u64 value;
	bool there;
};

static struct seen csrs[CSRS], selected[SELECTS][ALIASES];
static const u16 sireg[ALIASES] = {0x151, 0x152, 0x153, 0x155, 0x156, 0x157};
static u64 id, value;
static bool first;

static void read_one(u64 n)
{
	value = ((u64(*)(void))(u64)(csr_readers + 8 * n))();
}

static void write_one(u64 n)
{
	((void (*)(u64))(u64)(csr_writers + 8 * n))(value);
}

static bool get(unsigned int n)
{
	return trap_try(read_one, n) == NO_TRAP;
}

static bool put(unsigned int n, u64 v)
{
	value = v;
	return trap_try(write_one, n) == NO_TRAP;
}

static bool is_one_of(unsigned int n, const u16 *list, unsigned int count)
{
	while (count--)
		if (list[count] == n)
			return true;
	return false;
}
#define IS_ONE_OF(n, list) is_one_of(n, list, ARRAY_SIZE(list))

/* Numbers of machine level are not looked at. */
static bool has_level(unsigned int n)
{
	return (n >> 8 & 3) != 3;
}

/* Each trap of the walk changes these, so they are looked at first and left last; siselect too. */
static const u16 late[] = {0x141, 0x142, 0x143, SISELECT};

/* What the runtime needs as it is, and the address space. */
static const u16 kept[] = {0x100, 0x104, 0x105, 0x140, 0x14d, 0x180};

/* Goes by itself: counters and who of them has overflowed, what an interrupt file or vstopi says is first. */
static bool goes_by_itself(unsigned int n)
{
	static const u16 list[] = {0x100, 0x14d, STOPEI, 0xda0, 0xdb0};

	return (n >= 0xc00 && n < 0xc20) || IS_ONE_OF(n, list);
}

/* No zero at the start: scounteren, what the runtime has written or trapped into, and what a vector unit
 * is. */
static bool starts_otherwise(unsigned int n)
{
	static const u16 list[] = {0x104, 0x105, 0x106, 0x140, 0x141,
				   0x142, 0x143, 0xc20, 0xc21, 0xc22};

	return IS_ONE_OF(n, list);
}

/* State that no guest is offered, and that is not kept for one: it may find 0. */
static bool may_be_lost(unsigned int n)
{
	static const u16 list[] = {0x017, SCTRCTL, 0x14f, 0x5a8};

	return IS_ONE_OF(n, list) || (n <= 0x003 && !machine_has("f"));
}

static void judge(struct seen *s, const char *what, unsigned int n, unsigned int alias, u64 mask,
		  bool lost)
{
	u64 want = first ? 0 : s->value & mask;

	if ((value & mask) != want && !(lost && (value & mask) == 0))
		test_fail("%s 0x%x (%u): 0x%lx, and not 0x%lx", what, n, alias, value, want);
}

static void look_at(unsigned int n)
{
	struct seen *s = &csrs[n];
	bool was = s->there;

	s->there = get(n);
	if (IS_ONE_OF(n, sireg))
		return;
	if (!first && was != s->there)
		test_fail("CSR 0x%x %s", n, was ? "has gone" : "has come");
	if (!s->there || goes_by_itself(n) || (first && starts_otherwise(n)))
		return;
	judge(s, "CSR", n, 0, n == SIP ? 2 : ~0UL, may_be_lost(n));
}

static bool is_late(unsigned int n)
{
	return IS_ONE_OF(n, late);
}

static bool may_select(unsigned int s)
{
	return (s >= 0x30 && s < 0x60) || (s >= 0x70 && s < 0x100) ||
	       (s >= CTR_FIRST && s < CTR_FIRST + CTR_SOME);
}

/* Each what siselect selects, if there is one. */
static void each_selected(void (*fn)(unsigned int s, unsigned int alias))
{
	if (!csrs[SISELECT].there)
		return;
	for (unsigned int s = 0; s < SELECTS; s++)
		for (unsigned int a = 0; may_select(s) && a < ALIASES; a++)
			if (put(SISELECT, s))
				fn(s, a);
}

static void look_at_selected(unsigned int s, unsigned int a)
{
	struct seen *seen = &selected[s][a];

	seen->there = get(sireg[a]);
	/* Records are made while it runs. */
	if (seen->there && (first || s < CTR_FIRST))
		judge(seen, "selected", s, a, ~0UL, false);
}

static void leave_selected(unsigned int s, unsigned int a)
{
	if (selected[s][a].there)
		put(sireg[a], 0x1111111111111110UL << (id & 3));
}

static void keep_selected(unsigned int s, unsigned int a)
{
	if (selected[s][a].there && get(sireg[a]))
		selected[s][a].value = value;
}

/* Some take only small words. */
static void leave(unsigned int n, unsigned int round)
{
	if (!csrs[n].there || IS_ONE_OF(n, sireg))
		return;
	put(n, 0x5555555555555555UL << (id & 1));
	put(n, (round & 1 ? 0x15UL : 0x1UL) << (id & 1));
	put(n, 0x5555555555555540UL << (id & 1));
}

static void keep(unsigned int n)
{
	if (csrs[n].there && get(n))
		csrs[n].value = value;
}

#define for_each_csr(n) for (unsigned int n = 0; n < CSRS; n++)

static void look(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(late); i++)
		look_at(late[i]);
	for_each_csr(n) if (has_level(n) && !is_late(n)) look_at(n);
	each_selected(look_at_selected);
}

static void leave_all(unsigned int round)
{
	for_each_csr(n) if (!is_late(n) && !IS_ONE_OF(n, kept)) leave(n, round);
	each_selected(leave_selected);
	for_each_csr(n) if (!is_late(n)) keep(n);
	each_selected(keep_selected);
	for (unsigned int i = 0; i < ARRAY_SIZE(late); i++) {
		value = 0x2220UL << id;
		write_one(late[i]);
		read_one(late[i]);
		csrs[late[i]].value = value;
		if (late[i] == 0x143 && !csrs[SISELECT].there)
			break;
	}
}

/* Gives the hart to the other, without a trap of its own. */
static void rest(void)
{
	sbi_set_timer(now() + us(100));
	wfi();
}

/* Has its transfers recorded, and is away meanwhile. */
static void record(u64 arg)
{
	u64 found = 0;

	(void)arg;
	csr_write(0x14e, 3);
	ctr_clear();
	rest();
	csr_write(0x14e, 0);
	for (unsigned int i = 0; i < CTR_SOME; i++) {
		csr_write(0x150, CTR_FIRST + i);
		found += (csr_read(0x151) & 1) != 0;
	}
	if (found > CTR_OWN)
		test_fail("%lu control transfers recorded while it waited", found);
}

static void walk(void)
{
	u64 rounds = machine_bootarg_number("rounds");

	id = machine_bootarg_number("id");
	csr_set(sstatus, SSTATUS_FS | SSTATUS_VS);
	csr_set(sie, 1UL << IRQ_TIMER);
	for (unsigned int round = 0; round < rounds && !test_failed(); round++) {
		first = round == 0;
		look();
		leave_all(round);
		rest();
	}
}

static void records(void)
{
	csr_set(sie, 1UL << IRQ_TIMER);
	for (unsigned int i = 0; i < 4 && !test_failed(); i++)
		(void)trap_try(record, 0);
}

static void tell(void)
{
	print("# reach:");
	for_each_csr(n) if (csrs[n].there) print(" %x", n);
	print("\n# selected:");
	for (unsigned int s = 0; s < SELECTS; s++)
		for (unsigned int a = 0; a < ALIASES; a++)
			if (selected[s][a].there)
				print(" %x.%x", s, sireg[a]);
	print("\n");
}

const struct test guest_tests[] = {
	{"each CSR is as it was left", walk},
	{"no control transfers of another's", records},
	{"what it can reach", tell},
	{NULL, NULL},
};
