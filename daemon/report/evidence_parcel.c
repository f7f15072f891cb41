/* SPDX-License-Identifier: Apache-2.0 */
/* See evidence_parcel.h. */
#include "evidence_parcel.h"

#include <string.h>

enum { MAGIC = 0x65766432 };

struct head {
	uint32_t magic, reserved;
	uint64_t alert, lost;
};

/* Behind it: the name, then the bytes. */
struct item {
	int64_t time_ns;
	uint32_t length;
	uint16_t captured, link_type, interface;
	uint8_t mark, name_length;
};

void evidence_parcel_begin(struct evidence_parcel *parcel, uint64_t alert, uint64_t lost)
{
	struct head head = { MAGIC, 0, alert, lost };

	memcpy(parcel->octets, &head, sizeof(head));
	parcel->used = sizeof(head);
	parcel->frames = 0;
}

bool evidence_parcel_put(struct evidence_parcel *parcel, const struct frame *frame, enum evidence_mark mark,
			 const char *interface)
{
	size_t name_length = interface ? strnlen(interface, EVIDENCE_NAME_MAX - 1) : 0;

	if (frame->captured > UINT16_MAX ||
	    sizeof(struct item) + name_length + frame->captured > sizeof(parcel->octets) - parcel->used)
		return false;
	struct item item = {
		.time_ns = frame->time_ns,
		.length = frame->length,
		.captured = (uint16_t)frame->captured,
		.link_type = frame->link_type,
		.interface = frame->interface,
		.mark = (uint8_t)mark,
		.name_length = (uint8_t)name_length,
	};
	uint8_t *at = parcel->octets + parcel->used;
	memcpy(at, &item, sizeof(item));
	if (name_length > 0)
		memcpy(at + sizeof(item), interface, name_length);
	if (frame->captured > 0)
		memcpy(at + sizeof(item) + name_length, frame->bytes, frame->captured);
	parcel->used += sizeof(item) + name_length + frame->captured;
	parcel->frames++;
	return true;
}

bool evidence_parcel_open(struct evidence_unpacking *unpacking, const uint8_t *octets, size_t length)
{
	struct head head;

	if (length < sizeof(head) || length > EVIDENCE_PARCEL_MAX)
		return false;
	memcpy(&head, octets, sizeof(head));
	*unpacking = (struct evidence_unpacking){ octets, length, sizeof(head), head.alert, head.lost };
	return head.magic == MAGIC;
}

bool evidence_parcel_next(struct evidence_unpacking *unpacking, struct frame *frame, enum evidence_mark *mark,
			  char interface[EVIDENCE_NAME_MAX])
{
	struct item item;
	size_t left = unpacking->length - unpacking->at;

	if (left < sizeof(item))
		return false;
	memcpy(&item, unpacking->octets + unpacking->at, sizeof(item));
	left -= sizeof(item);
	if (item.name_length >= EVIDENCE_NAME_MAX || (size_t)item.name_length + item.captured > left ||
	    item.length < item.captured || item.time_ns < 0 || item.mark >= EVIDENCE_MARK_COUNT)
		return false;
	const uint8_t *at = unpacking->octets + unpacking->at + sizeof(item);
	memcpy(interface, at, item.name_length);
	interface[item.name_length] = '\0';
	*frame = (struct frame){
		.bytes = at + item.name_length,
		.captured = item.captured,
		.length = item.length,
		.time_ns = item.time_ns,
		.link_type = item.link_type,
		.interface = item.interface,
	};
	*mark = (enum evidence_mark)item.mark;
	unpacking->at += sizeof(item) + item.name_length + item.captured;
	return true;
}
