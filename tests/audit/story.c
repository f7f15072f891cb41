/* SPDX-License-Identifier: Apache-2.0 */
/* The making of frames; see story.h. Telling is in story_tell.c. Ethernet II, 802.1Q, VXLAN, IPv4 (RFC 791), IPv6 (RFC
 * 8200), ESP (RFC 4303), AH (RFC 4302), UDP encapsulation (RFC 3948). Checksums are left zero: nothing reads them. */
#include "story_frames.h"

#include "../../dissectors/ike_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ETHER_SIZE = 14,
	FRAME_MAX = 4096,
	AH_SIZE = 24,
	ESP_SIZE = 8,
	PROTOCOL_ICMP = 1,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ESP = 50,
	PROTOCOL_AH = 51,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_ICMPV6 = 58,
	PORT_IKE = 500,
	PORT_VXLAN = 4789,
	EXCHANGE_SA_INIT = 34,
	EXCHANGE_AUTH = 35,
	EXCHANGE_INFORMATIONAL = 37,
	FRAGMENT_UNIT = 8,
	MORE_FRAGMENTS = 0x2000,
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

struct story_script *story_new(void)
{
	struct story_script *script = must(calloc(1, sizeof(*script)));
	script->now_ns = STORY_EPOCH;
	return script;
}

void story_free(struct story_script *script)
{
	if (!script)
		return;
	free(script->frames);
	free(script->octets);
	free(script);
}

int64_t story_now(const struct story_script *script)
{
	return script->now_ns;
}

void story_wait(struct story_script *script, int64_t ns)
{
	script->now_ns += ns;
}

void story_at(struct story_script *script, int64_t after_epoch_ns)
{
	script->now_ns = STORY_EPOCH + after_epoch_ns;
}

void story_tap(struct story_script *script, uint16_t interface, uint16_t vlan, uint32_t vni)
{
	script->interface = interface;
	script->vlan = vlan;
	script->vni = vni;
}

size_t story_length(const struct story_script *script)
{
	return script->count;
}

void story_cut(struct story_script *script, uint32_t octets)
{
	script->frames[script->count - 1].cut = octets;
}

struct address story_host(const char *text)
{
	struct address address;
	if (!address_parse(text, &address))
		abort();
	return address;
}

struct address story_host_number(uint32_t number)
{
	const uint8_t octets[4] = { 10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number };
	return address_from_ipv4(octets);
}

struct story_sa story_sa(const char *src, const char *dst, uint32_t spi)
{
	return (
	    struct story_sa){ .src = story_host(src), .dst = story_host(dst), .spi = spi, .protocol = PROTOCOL_ESP };
}

struct story_stream story_stream(const char *client, const char *server, uint8_t protocol, uint16_t server_port)
{
	return (struct story_stream){ .client = story_host(client),
				      .server = story_host(server),
				      .client_port = 40000,
				      .server_port = server_port,
				      .protocol = protocol };
}

/* ---- octets ---- */

static uint8_t *put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	return put16(put16(at, value >> 16), value & 0xffff);
}

static uint8_t *put64(uint8_t *at, uint64_t value)
{
	return put32(put32(at, (uint32_t)(value >> 32)), (uint32_t)value);
}

static uint8_t *put_ethernet(uint8_t *at, uint16_t vlan, bool v4)
{
	memset(at, 2, 12);
	at += 12;
	if (vlan)
		at = put16(put16(at, 0x8100), vlan);
	return put16(at, v4 ? 0x0800 : 0x86dd);
}

struct ip {
	const struct address *src, *dst;
	uint8_t protocol;
	uint32_t length; /* behind the header */
	uint32_t id;     /* of a fragment, or 0 */
	uint16_t offset; /* octets; MORE_FRAGMENTS apart */
	bool more;
};

static uint8_t *put_ip(uint8_t *at, const struct ip *ip)
{
	bool fragment = ip->offset || ip->more;

	if (address_is_ipv4(ip->src)) {
		put32(at, 0x45000000 | (ip->length + 20));
		put16(put16(at + 4, ip->id), (uint32_t)(ip->offset / FRAGMENT_UNIT) | (ip->more ? MORE_FRAGMENTS : 0u));
		at[8] = 64;
		at[9] = ip->protocol;
		put16(at + 10, 0);
		memcpy(at + 12, ip->src->bytes + 12, 4);
		memcpy(at + 16, ip->dst->bytes + 12, 4);
		return at + 20;
	}
	put32(at, 0x60000000);
	put16(at + 4, ip->length + (fragment ? 8 : 0));
	at[6] = fragment ? PROTOCOL_FRAGMENT : ip->protocol;
	at[7] = 64;
	memcpy(at + 8, ip->src->bytes, 16);
	memcpy(at + 24, ip->dst->bytes, 16);
	at += 40;
	if (fragment) {
		put16(at, (uint32_t)ip->protocol << 8);
		put16(at + 2, ip->offset | (ip->more ? 1u : 0u));
		at = put32(at + 4, ip->id);
	}
	return at;
}

static void add_frame(struct story_script *script, const uint8_t *octets, size_t length)
{
	if (script->count == script->room) {
		script->room = script->room ? 2 * script->room : 64;
		script->frames = must(realloc(script->frames, script->room * sizeof(*script->frames)));
	}
	if (script->used + length > script->size) {
		script->size = 2 * (script->used + length);
		script->octets = must(realloc(script->octets, script->size));
	}
	memcpy(script->octets + script->used, octets, length);
	script->frames[script->count++] = (struct story_frame){
		.at = script->used,
		.length = (uint32_t)length,
		.time_ns = script->now_ns,
		.interface = script->interface,
	};
	script->used += length;
}

/* One IP packet, or fragment, in a frame of the present tap. */
static void add_ip(struct story_script *script, const struct ip *ip, const uint8_t *behind)
{
	uint8_t room[FRAME_MAX + 256];
	bool v4 = address_is_ipv4(ip->src);
	uint8_t *at = room;

	if (ip->length > FRAME_MAX)
		abort();
	if (script->vni) {
		static const uint8_t vteps[2][4] = { { 172, 16, 0, 1 }, { 172, 16, 0, 2 } };
		struct address src = address_from_ipv4(vteps[0]), dst = address_from_ipv4(vteps[1]);
		uint32_t header = v4 ? 20 : ip->offset || ip->more ? 48 : 40;
		uint32_t inner = ETHER_SIZE + header + ip->length;
		at = put_ethernet(at, script->vlan, true);
		at = put_ip(at,
			    &(struct ip){ .src = &src, .dst = &dst, .protocol = PROTOCOL_UDP, .length = 16 + inner });
		at = put16(put16(put16(put16(at, 50000), PORT_VXLAN), 16 + inner), 0);
		at = put32(put32(at, 0x08000000), script->vni << 8);
		at = put_ethernet(at, 0, v4);
	} else {
		at = put_ethernet(at, script->vlan, v4);
	}
	at = put_ip(at, ip);
	memcpy(at, behind, ip->length);
	add_frame(script, room, (size_t)(at - room) + ip->length);
}

/* The same in two fragments, the first of 8 * (length / 16) octets. */
static void add_fragments(struct story_script *script, const struct ip *ip, const uint8_t *behind, bool later_first)
{
	struct ip first = *ip, later = *ip;

	first.id = later.id = ++script->identification;
	first.length = ip->length / (2 * FRAGMENT_UNIT) * FRAGMENT_UNIT;
	first.more = true;
	later.offset = (uint16_t)first.length;
	later.length = ip->length - first.length;
	if (later_first)
		add_ip(script, &later, behind + later.offset);
	add_ip(script, &first, behind);
	if (!later_first)
		add_ip(script, &later, behind + later.offset);
}

static uint8_t *put_udp(uint8_t *at, uint16_t src_port, uint16_t dst_port, uint32_t payload)
{
	return put16(put16(put16(put16(at, src_port), dst_port), payload + 8), 0);
}

/* ---- ESP and AH ---- */

static struct ip put_sa(uint8_t *room, struct story_sa *sa, uint32_t octets)
{
	uint8_t *at = room;
	struct ip ip = { .src = &sa->src, .dst = &sa->dst, .protocol = sa->protocol, .length = octets };

	memset(room, 0xe5, octets + 16);
	if (sa->in_udp) {
		at = put_udp(at, sa->src_port, sa->dst_port, octets);
		ip.protocol = PROTOCOL_UDP;
		ip.length += 8;
	}
	if (sa->protocol == PROTOCOL_AH) {
		at[0] = PROTOCOL_TCP;
		at[1] = AH_SIZE / 4 - 2;
		put16(at + 2, 0);
		at += 4;
	}
	put32(put32(at, sa->spi), ++sa->sequence);
	return ip;
}

void story_esp(struct story_script *script, struct story_sa *sa, uint32_t octets)
{
	uint8_t room[FRAME_MAX + 16];
	struct ip ip = put_sa(room, sa, octets);
	add_ip(script, &ip, room);
}

void story_esp_with(struct story_script *script, struct story_sa *sa, const uint8_t *behind, uint32_t octets)
{
	uint8_t room[FRAME_MAX + 16];
	struct ip ip = put_sa(room, sa, octets);
	memcpy(room + (ip.length - octets) + ESP_SIZE, behind, octets - ESP_SIZE);
	add_ip(script, &ip, room);
}

void story_lose(struct story_sa *sa)
{
	sa->sequence++;
}

void story_esp_fragmented(struct story_script *script, struct story_sa *sa, uint32_t octets, bool later_first)
{
	uint8_t room[FRAME_MAX + 16];
	struct ip ip = put_sa(room, sa, octets);
	add_fragments(script, &ip, room, later_first);
}

void story_ah_over_esp(struct story_script *script, struct story_sa *ah, struct story_sa *esp, uint32_t octets)
{
	uint8_t room[FRAME_MAX + 16], inner[FRAME_MAX + 16];

	put_sa(inner, esp, octets);
	struct ip ip = put_sa(room, ah, AH_SIZE + octets);
	room[0] = PROTOCOL_ESP;
	memcpy(room + AH_SIZE, inner, octets);
	add_ip(script, &ip, room);
}

/* ---- streams ---- */

static struct ip put_stream(uint8_t *room, const struct story_stream *stream, bool from_server, uint8_t tcp_flags,
			    const uint8_t *payload, uint32_t octets)
{
	uint16_t from = from_server ? stream->server_port : stream->client_port;
	uint16_t to = from_server ? stream->client_port : stream->server_port;
	uint8_t *at = room;

	if (stream->protocol == PROTOCOL_UDP) {
		at = put_udp(at, from, to, octets);
	} else if (stream->protocol == PROTOCOL_TCP) {
		at = put32(put32(put16(put16(at, from), to), 1), 1);
		at = put32(put16(put16(at, 0x5000u | tcp_flags), 0xffff), 0);
	}
	if (payload)
		memcpy(at, payload, octets);
	else
		memset(at, 'x', octets);
	return (struct ip){ .src = from_server ? &stream->server : &stream->client,
			    .dst = from_server ? &stream->client : &stream->server,
			    .protocol = stream->protocol,
			    .length = (uint32_t)(at - room) + octets };
}

void story_tcp(struct story_script *script, const struct story_stream *stream, bool from_server, uint8_t flags,
	       uint32_t octets)
{
	uint8_t room[FRAME_MAX + 64];
	struct ip ip = put_stream(room, stream, from_server, flags, NULL, octets);
	add_ip(script, &ip, room);
}

void story_send(struct story_script *script, const struct story_stream *stream, bool from_server, uint32_t octets)
{
	story_tcp(script, stream, from_server, 0x10, octets);
}

void story_payload(struct story_script *script, const struct story_stream *stream, bool from_server,
		   const uint8_t *payload, uint32_t octets)
{
	uint8_t room[FRAME_MAX + 64];
	struct ip ip = put_stream(room, stream, from_server, 0x10, payload, octets);
	add_ip(script, &ip, room);
}

void story_send_fragmented(struct story_script *script, const struct story_stream *stream, bool from_server,
			   uint32_t octets, bool later_first)
{
	uint8_t room[FRAME_MAX + 64];
	struct ip ip = put_stream(room, stream, from_server, 0x10, NULL, octets);
	add_fragments(script, &ip, room, later_first);
}

/* ---- IKE, keepalives, ICMP ---- */

void story_ike(struct story_script *script, const struct story_ike *ike)
{
	enum { HEADER = 28, BODY = 100 };
	uint8_t message[4 + HEADER + BODY] = { 0 };
	uint8_t *at = message + (ike->marker ? 4 : 0);

	put64(put64(at, ike->initiator_spi), ike->responder_spi);
	bool hidden = ike->major >= 2 && ike->exchange == EXCHANGE_INFORMATIONAL;
	at[16] = hidden ? IKEV2_PAYLOAD_SK : ike->major >= 2 ? 33 : 1; /* first payload; else an SA */
	if (hidden) {
		at[HEADER] = ike->inner;
		at[HEADER + 3] = BODY;
	}
	at[17] = (uint8_t)(ike->major << 4);
	at[18] = ike->exchange;
	at[19] = ike->flags;
	put32(at + 20, ike->message_id);
	put32(at + 24, HEADER + BODY);
	struct story_stream stream = { ike->src, ike->dst, ike->src_port ? ike->src_port : (uint16_t)PORT_IKE,
				       ike->dst_port ? ike->dst_port : (uint16_t)PORT_IKE, PROTOCOL_UDP };
	story_payload(script, &stream, false, message, HEADER + BODY + (ike->marker ? 4 : 0));
}

void story_ikev2(struct story_script *script, const char *initiator, const char *responder, uint64_t spi, bool complete)
{
	struct address ends[2] = { story_host(initiator), story_host(responder) };

	for (uint8_t exchange = EXCHANGE_SA_INIT; exchange <= (complete ? EXCHANGE_AUTH : EXCHANGE_SA_INIT); exchange++)
		for (unsigned answer = 0; answer < 2; answer++) {
			struct story_ike ike = {
				.src = ends[answer],
				.dst = ends[!answer],
				.initiator_spi = spi,
				.responder_spi = exchange == EXCHANGE_SA_INIT && !answer ? 0 : ~spi,
				.major = 2,
				.exchange = exchange,
				.flags = answer ? IKEV2_FLAG_RESPONSE : IKEV2_FLAG_INITIATOR,
				.message_id = exchange - EXCHANGE_SA_INIT,
			};
			story_ike(script, &ike);
			story_wait(script, STORY_MILLISECOND);
		}
}

void story_keepalive(struct story_script *script, const struct address *src, const struct address *dst,
		     uint16_t src_port, uint16_t dst_port)
{
	struct story_stream stream = { *src, *dst, src_port, dst_port, PROTOCOL_UDP };
	story_payload(script, &stream, false, (const uint8_t[]){ 0xff }, 1);
}

void story_echo(struct story_script *script, const struct address *src, const struct address *dst, uint32_t octets)
{
	uint8_t room[FRAME_MAX] = { 0 };
	bool v4 = address_is_ipv4(src);

	room[0] = v4 ? 8 : 128;
	struct ip ip = {
		.src = src, .dst = dst, .protocol = v4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6, .length = octets + 8
	};
	add_ip(script, &ip, room);
}

void story_icmp_error(struct story_script *script, const struct address *sender, const struct address *src,
		      const struct address *dst, uint8_t type, uint8_t code, uint8_t quoted_protocol)
{
	uint8_t room[128] = { type, code };
	bool v4 = address_is_ipv4(src);
	uint8_t *at =
	    put_ip(room + 8, &(struct ip){ .src = src, .dst = dst, .protocol = quoted_protocol, .length = 8 });

	if (quoted_protocol == PROTOCOL_UDP)
		at = put_udp(at, PORT_IKE, PORT_IKE, 0);
	else
		at = put32(put32(at, 0x1001), 7);
	struct ip ip = { .src = sender,
			 .dst = src,
			 .protocol = v4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6,
			 .length = (uint32_t)(at - room) };
	add_ip(script, &ip, room);
}
