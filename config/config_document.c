/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See config_document.h. Called by config.c and, for lines, by the schema and the semantic checks.
 *
 * The text is parsed twice: once as events, to bound it before anything is built, and once into libyaml's tree.
 */
#include "config_document.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Cuts the text where a UTF-8 character would be halved (RFC 3629 section 3). */
static void cut_whole(char *text, size_t length)
{
	size_t start = length;

	while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80 && length - start < 3)
		start--;
	if (start > 0 && (unsigned char)text[start - 1] >= 0xc0)
		length = start - 1;
	text[length] = '\0';
}

const char *config_quote(struct config_quoted *quoted, const char *text)
{
	static const char more[] = "...";
	const size_t room = sizeof(quoted->text) - sizeof(more);
	size_t length = strlen(text);
	bool cut = length > room;

	if (cut)
		length = room;
	for (size_t i = 0; i < length; i++)
		quoted->text[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
	quoted->text[length] = '\0';
	if (cut) {
		cut_whole(quoted->text, length);
		strcat(quoted->text, more);
	}
	return quoted->text;
}

static void write_error(struct config_error *error, const char *name, unsigned line, const char *path,
			const char *format, va_list arguments)
{
	const size_t size = sizeof(error->text);
	int length;
	size_t used;

	if (line && *path)
		length = snprintf(error->text, size, "%.200s:%u: %s: ", name, line, path);
	else if (line)
		length = snprintf(error->text, size, "%.200s:%u: ", name, line);
	else if (*path)
		length = snprintf(error->text, size, "%.200s: %s: ", name, path);
	else
		length = snprintf(error->text, size, "%.200s: ", name);
	used = length < 0 ? 0 : (size_t)length;
	if (used < size) {
		length = vsnprintf(error->text + used, size - used, format, arguments);
		if (length >= 0 && (size_t)length >= size - used)
			cut_whole(error->text, size - 1);
	}
}

void config_error_at(struct config_error *error, const char *name, unsigned line, const char *path, const char *format,
		     ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_error(error, name, line, path, format, arguments);
	va_end(arguments);
}

bool config_document_fail(const struct config_document *document, struct config_error *error,
			  const struct config_path *path, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_error(error, document->name, config_document_line(document, path->text), path->text, format, arguments);
	va_end(arguments);
	return false;
}

struct config_path config_path_key(const struct config_path *path, const char *key)
{
	struct config_path result = *path;
	size_t used = strlen(result.text);
	struct config_quoted quoted;

	snprintf(result.text + used, sizeof(result.text) - used, "%s%s", used ? "." : "", config_quote(&quoted, key));
	return result;
}

struct config_path config_path_index(const struct config_path *path, size_t index)
{
	struct config_path result = *path;
	size_t used = strlen(result.text);

	snprintf(result.text + used, sizeof(result.text) - used, "[%zu]", index);
	return result;
}

yaml_node_t *config_document_node(const struct config_document *document, int number)
{
	/* libyaml counts from one, and hands out no number that it has not filled. */
	return document->document.nodes.start + (number - 1);
}

static unsigned line_of(const yaml_node_t *node)
{
	return (unsigned)node->start_mark.line + 1;
}

static const char *scalar_text(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

yaml_node_t *config_document_value(const struct config_document *document, const yaml_node_t *mapping, const char *key,
				   unsigned *line)
{
	if (!mapping || mapping->type != YAML_MAPPING_NODE)
		return NULL;
	for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < mapping->data.mapping.pairs.top;
	     pair++) {
		const yaml_node_t *name = config_document_node(document, pair->key);
		if (strcmp(scalar_text(name), key) != 0)
			continue;
		if (line)
			*line = line_of(name);
		return config_document_node(document, pair->value);
	}
	return NULL;
}

bool config_document_is_null(const yaml_node_t *node)
{
	static const char *const names[] = { "", "~", "null", "Null", "NULL" };

	if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(scalar_text(node), names[i]) == 0)
			return true;
	return false;
}

const yaml_node_t *config_document_find(const struct config_document *document, const char *path, unsigned *line)
{
	const yaml_node_t *node = document->root;

	*line = node ? line_of(node) : 0;
	while (node && *path) {
		if (*path == '[') {
			char *end;
			size_t index = strtoul(path + 1, &end, 10);
			const yaml_node_item_t *items = node->data.sequence.items.start;

			if (node->type != YAML_SEQUENCE_NODE ||
			    index >= (size_t)(node->data.sequence.items.top - items))
				return NULL;
			node = config_document_node(document, items[index]);
			*line = line_of(node);
			path = *end ? end + 1 : end;
		} else {
			char key[CONFIG_PATH_MAX];
			size_t length = strcspn(path, ".[");

			if (length >= sizeof(key))
				return NULL;
			memcpy(key, path, length);
			key[length] = '\0';
			node = config_document_value(document, node, key, line);
			path += length;
		}
		if (*path == '.')
			path++;
	}
	return node;
}

unsigned config_document_line(const struct config_document *document, const char *path)
{
	unsigned line;

	config_document_find(document, path, &line);
	return line;
}

void config_document_free(struct config_document *document)
{
	yaml_document_delete(&document->document);
	document->root = NULL;
}

/* Line of an octet of the text, for errors that libyaml reports by offset. */
static unsigned line_at(const char *yaml, size_t length, size_t offset)
{
	unsigned line = 1;

	for (size_t i = 0; i < length && i < offset; i++)
		if (yaml[i] == '\n')
			line++;
	return line;
}

/* What a person can do about it, for what people run into. */
static const char *advice(const char *problem)
{
	static const struct {
		const char *problem, *advice;
	} table[] = {
		{ "found unexpected ':'", "put an IPv6 address in quotes" },
		{ "tab", "indent with spaces" },
		{ "cannot start any token", "indent with spaces, and put the value in quotes" },
		{ "control characters", "only UTF-8 text is possible" },
		{ "UTF-8", "only UTF-8 text is possible" },
		{ "undefined alias", "name it with &NAME before *NAME" },
		{ "anchor", "give each anchor a name of its own" },
		{ "mapping values", "check the indentation, and put values with ': ' in quotes" },
		{ "',' or ']'", "close the list with ']'" },
		{ "',' or '}'", "close the mapping with '}'" },
		{ "end of stream", "close the quotes" },
		{ "directive", "remove the line" },
		{ "nesting", "the file needs no more than a few levels" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (strstr(problem, table[i].problem))
			return table[i].advice;
	return "check the indentation, quotes and brackets";
}

static void syntax_error(const struct config_document *document, const yaml_parser_t *parser, const char *yaml,
			 size_t length, struct config_error *error)
{
	const char *problem = parser->problem ? parser->problem : "it cannot be parsed";

	/* All that libyaml says of an anchor that is there twice. */
	if (parser->error == YAML_COMPOSER_ERROR && strcmp(problem, "second occurrence") == 0)
		problem = "found an anchor for the second time";

	if (parser->error == YAML_MEMORY_ERROR)
		config_error_at(error, document->name, 0, "", "not enough memory to read the file");
	else if (parser->error == YAML_READER_ERROR)
		config_error_at(error, document->name, line_at(yaml, length, parser->problem_offset), "",
				"is not YAML: %s: %s", problem, advice(problem));
	else
		config_error_at(error, document->name, (unsigned)parser->problem_mark.line + 1, "",
				"column %zu: is not YAML: %s: %s", parser->problem_mark.column + 1, problem,
				advice(problem));
}

/* Counts what the text asks for before a tree of it is built. */
static bool check_bounds(const struct config_document *document, const char *yaml, size_t length,
			 struct config_error *error)
{
	yaml_parser_t parser;
	yaml_event_t event;
	size_t depth = 0, nodes = 0, anchors = 0;
	bool good = false, done = false;

	if (!yaml_parser_initialize(&parser)) {
		config_error_at(error, document->name, 0, "", "not enough memory to read the file");
		return false;
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)yaml, length);
	while (!done) {
		unsigned line;

		if (!yaml_parser_parse(&parser, &event)) {
			syntax_error(document, &parser, yaml, length, error);
			break;
		}
		line = (unsigned)event.start_mark.line + 1;
		switch (event.type) {
		case YAML_STREAM_END_EVENT:
			good = done = true;
			break;
		case YAML_MAPPING_START_EVENT:
			anchors += event.data.mapping_start.anchor != NULL;
			depth++;
			nodes++;
			break;
		case YAML_SEQUENCE_START_EVENT:
			anchors += event.data.sequence_start.anchor != NULL;
			depth++;
			nodes++;
			break;
		case YAML_SCALAR_EVENT:
			anchors += event.data.scalar.anchor != NULL;
			nodes++;
			break;
		case YAML_MAPPING_END_EVENT:
		case YAML_SEQUENCE_END_EVENT:
			depth--;
			break;
		default:
			break;
		}
		yaml_event_delete(&event);
		if (depth > CONFIG_DEPTH_MAX) {
			config_error_at(error, document->name, line, "", "is nested too deeply: %d levels are possible",
					CONFIG_DEPTH_MAX);
			break;
		}
		if (nodes > CONFIG_NODES_MAX) {
			config_error_at(error, document->name, line, "", "holds too much: %d values are possible",
					CONFIG_NODES_MAX);
			break;
		}
		if (anchors > CONFIG_ANCHORS_MAX) {
			config_error_at(error, document->name, line, "", "has too many anchors: %d are possible",
					CONFIG_ANCHORS_MAX);
			break;
		}
	}
	yaml_parser_delete(&parser);
	return good;
}

/* What the walk over the tree needs to know at any place. */
struct walk {
	const struct config_document *document;
	struct config_error *error;
	size_t nodes; /* seen so far, aliases followed */
	size_t depth;
};

/* Text that goes into syslog, terminals and file names: no control characters, nor those of Unicode (U+0080 to 9F). */
static bool has_control(const yaml_node_t *node)
{
	const unsigned char *text = node->data.scalar.value;

	for (size_t i = 0; i < node->data.scalar.length; i++) {
		if (text[i] < 0x20 || text[i] == 0x7f)
			return true;
		if (text[i] == 0xc2 && i + 1 < node->data.scalar.length && text[i + 1] >= 0x80 && text[i + 1] <= 0x9f)
			return true;
	}
	return false;
}

static bool fail_at(const struct walk *walk, const yaml_node_t *node, const struct config_path *path, const char *text)
{
	config_error_at(walk->error, walk->document->name, line_of(node), path->text, "%s", text);
	return false;
}

static bool check_node(struct walk *walk, const yaml_node_t *node, const struct config_path *path);

static bool check_key(const struct walk *walk, const yaml_node_t *mapping, const yaml_node_pair_t *pair,
		      const struct config_path *path)
{
	const yaml_node_t *key = config_document_node(walk->document, pair->key);
	struct config_path place;

	if (key->type != YAML_SCALAR_NODE)
		return fail_at(walk, key, path, "has a list or a mapping for a key: a key is a word");
	if (has_control(key))
		return fail_at(walk, key, path, "has a control character in a key: a key is a word");
	place = config_path_key(path, scalar_text(key));
	if (strcmp(scalar_text(key), "<<") == 0)
		return fail_at(walk, key, &place,
			       "is a merge key, which is not supported: "
			       "write the keys out, or use an alias for each value");
	for (const yaml_node_pair_t *other = mapping->data.mapping.pairs.start; other < pair; other++) {
		const yaml_node_t *earlier = config_document_node(walk->document, other->key);
		if (strcmp(scalar_text(earlier), scalar_text(key)) != 0)
			continue;
		config_error_at(walk->error, walk->document->name, line_of(key), place.text,
				"stands here twice, first on line %u: keep one of the two", line_of(earlier));
		return false;
	}
	return true;
}

static bool check_mapping(struct walk *walk, const yaml_node_t *node, const struct config_path *path)
{
	const yaml_node_pair_t *pairs = node->data.mapping.pairs.start;
	const yaml_node_pair_t *top = node->data.mapping.pairs.top;

	if (top - pairs > CONFIG_KEYS_MAX)
		return fail_at(walk, node, path, "has more keys than there are settings");
	for (const yaml_node_pair_t *pair = pairs; pair < top; pair++) {
		const yaml_node_t *value = config_document_node(walk->document, pair->value);
		struct config_path place;

		if (!check_key(walk, node, pair, path))
			return false;
		walk->nodes++;
		place = config_path_key(path, scalar_text(config_document_node(walk->document, pair->key)));
		if (!check_node(walk, value, &place))
			return false;
	}
	return true;
}

static bool check_node(struct walk *walk, const yaml_node_t *node, const struct config_path *path)
{
	bool good = true;
	const char *plain_tag = node->type == YAML_SCALAR_NODE     ? YAML_DEFAULT_SCALAR_TAG
				: node->type == YAML_SEQUENCE_NODE ? YAML_DEFAULT_SEQUENCE_TAG
								   : YAML_DEFAULT_MAPPING_TAG;

	/* An alias to what encloses it never ends; the depth ends it. */
	if (++walk->depth > CONFIG_DEPTH_MAX)
		return fail_at(walk, node, path, "is nested too deeply, perhaps by an alias to itself");
	if (++walk->nodes > CONFIG_NODES_MAX) {
		config_error_at(walk->error, walk->document->name, line_of(node), path->text,
				"holds too much once its aliases are followed: %d values are possible",
				CONFIG_NODES_MAX);
		return false;
	}
	if (strcmp((const char *)node->tag, plain_tag) != 0) {
		struct config_quoted quoted;
		config_error_at(walk->error, walk->document->name, line_of(node), path->text,
				"has the tag '%s', which means nothing here: remove it",
				config_quote(&quoted, (const char *)node->tag));
		return false;
	}

	if (node->type == YAML_SCALAR_NODE) {
		if (has_control(node))
			good = fail_at(walk, node, path,
				       "holds a control character or a line break: write it on one line");
	} else if (node->type == YAML_SEQUENCE_NODE) {
		const yaml_node_item_t *items = node->data.sequence.items.start;
		size_t count = (size_t)(node->data.sequence.items.top - items);

		for (size_t i = 0; good && i < count; i++) {
			struct config_path place = config_path_index(path, i);
			good = check_node(walk, config_document_node(walk->document, items[i]), &place);
		}
	} else {
		good = check_mapping(walk, node, path);
	}
	walk->depth--;
	return good;
}

bool config_document_read(struct config_document *document, const char *name, const char *yaml, size_t length,
			  struct config_error *error)
{
	yaml_parser_t parser;
	yaml_document_t second;
	struct walk walk = { .document = document, .error = error };
	bool good = false;

	memset(document, 0, sizeof(*document));
	document->name = name;
	if (length == 0)
		yaml = ""; /* libyaml insists on an address */
	/* libyaml counts a byte order mark as a column, so that the second key would stand left of the first. */
	if (length >= 3 && memcmp(yaml, "\xef\xbb\xbf", 3) == 0) {
		yaml += 3;
		length -= 3;
	}
	if (!check_bounds(document, yaml, length, error))
		return false;
	if (!yaml_parser_initialize(&parser)) {
		config_error_at(error, name, 0, "", "not enough memory to read the file");
		return false;
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)yaml, length);
	if (!yaml_parser_load(&parser, &document->document)) {
		syntax_error(document, &parser, yaml, length, error);
		yaml_parser_delete(&parser);
		return false;
	}
	document->root = yaml_document_get_root_node(&document->document);

	if (!document->root) {
		good = true;
	} else if (!yaml_parser_load(&parser, &second)) {
		syntax_error(document, &parser, yaml, length, error);
	} else {
		const yaml_node_t *more = yaml_document_get_root_node(&second);
		if (more)
			config_error_at(error, name, line_of(more), "",
					"a second document begins here: one is possible, remove the line '---'");
		else
			good = check_node(&walk, document->root, &(struct config_path){ "" });
		yaml_document_delete(&second);
	}
	yaml_parser_delete(&parser);
	if (!good)
		config_document_free(document);
	return good;
}
