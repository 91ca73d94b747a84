/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VMs of the configuration, as their manager has them, and what it does with one of them. The manager's
 * thread alone, but for what is said.
 */
#ifndef GUEST_VM_VM_ENTRY_H
#define GUEST_VM_VM_ENTRY_H

#include "guest/image/payload.h"
#include "guest/vm/vm_control.h"
#include "guest/vm/vmlist.h"

/* One VM of the configuration. */
struct vm_entry {
	struct vm *vm; /* NULL: absent */
	struct vm_config *config;
	struct vm_payload payload;
	struct vmlist_node node; /* on vm_entries.vms while vm is there */
	bool right;		 /* configuration and payloads are */
	bool ended; /* all vCPU threads have, and the manager has not looked yet; by any */
	enum vm_phase phase;
	enum vm_state why; /* how its last run ended */
	u32 quick;	   /* for vm_restart_after() */
	u64 started, restart_at;
	struct vm_times times; /* of its last run */
};

struct vm_entries {
	struct vm_entry entry[CONFIG_VMS_MAX];
	u32 count;
	struct vmlist vms;
	struct thread *manager;
	struct vm_entry *console; /* who owns it, or NULL */
	unsigned int next_hart;
	u32 running; /* VMs that are up or paused */
};

extern struct vm_entries vm_entries;

#define for_each_entry(e) \
	for ((e) = vm_entries.entry; (e) < &vm_entries.entry[vm_entries.count]; (e)++)

/* Makes it and loads it; nothing is left of one that cannot be. */
enum err vm_entry_make(struct vm_entry *e);

/* ERR_NOMEM: it has failed, and its end has to be waited for. */
enum err vm_entry_start(struct vm_entry *e);

/* All its vCPUs have ended; and that, waited for. */
void vm_entry_note_end(struct vm_entry *e);
void vm_entry_await_end(struct vm_entry *e);

/* Has it ended, and nobody has noted it yet? A condition for thread_wait(), of an entry. */
bool vm_entry_has_ended(void *arg);

/* Gives back all that it has; it is down. */
void vm_entry_discard(struct vm_entry *e);

#endif
