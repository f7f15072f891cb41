/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a document does not fit the schema, in words: the key that is unknown and the one that was probably meant, the
 * key that is missing, the kind of value or the word that is possible. Called by config_schema.c when libcyaml refuses.
 */
#include "config_schema_check.h"

#include "spelling.h"

#include <stdio.h>
#include <string.h>

yaml_node_type_t config_schema_node_type(const cyaml_schema_value_t *value)
{
	switch (value->type) {
	case CYAML_MAPPING:
		return YAML_MAPPING_NODE;
	case CYAML_SEQUENCE:
	case CYAML_FLAGS:
		return YAML_SEQUENCE_NODE;
	default:
		return YAML_SCALAR_NODE;
	}
}

/* Words that are possible, and which of them is nearest to what was written. */
struct choice {
	const char *written;
	const char *nearest; /* NULL: none is near */
	size_t best;
	char list[256]; /* "a, b, c" */
};

static void choice_add(struct choice *choice, const char *word)
{
	size_t used = strlen(choice->list);
	size_t apart = spelling_distance(choice->written, word);
	/* A third of the word, and at least one letter, may be wrong. */
	size_t tolerated = strlen(word) / 3 ? strlen(word) / 3 : 1;

	snprintf(choice->list + used, sizeof(choice->list) - used, "%s%s", used ? ", " : "", word);
	if (apart <= tolerated && (!choice->nearest || apart < choice->best)) {
		choice->nearest = word;
		choice->best = apart;
	}
}

static bool fail_choice(const struct config_document *document, struct config_error *error, unsigned line,
			const struct config_path *path, const char *what, const struct choice *choice)
{
	struct config_quoted quoted;
	const char *written = config_quote(&quoted, choice->written);

	if (choice->nearest)
		config_error_at(error, document->name, line, path->text, "'%s' is not a known %s: did you mean '%s'?",
				written, what, choice->nearest);
	else
		config_error_at(error, document->name, line, path->text, "'%s' is not a known %s: %s%s possible",
				written, what, choice->list, strchr(choice->list, ',') ? " are" : " is");
	return false;
}

static const char *text_of(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

static bool fail_type(const struct config_document *document, struct config_error *error,
		      const struct config_path *path, const yaml_node_t *node, const char *possible)
{
	const char *kind = node->type == YAML_MAPPING_NODE    ? "a mapping"
			   : node->type == YAML_SEQUENCE_NODE ? "a list"
			   : config_document_is_null(node)    ? "empty"
							      : "a single value";

	return config_document_fail(document, error, path, "is %s: %s", kind, possible);
}

static bool explain_node(const struct config_document *document, const yaml_node_t *node,
			 const cyaml_schema_value_t *value, const struct config_path *path, struct config_error *error);

static bool explain_word(const struct config_document *document, const yaml_node_t *node,
			 const cyaml_schema_value_t *value, const struct config_path *path, struct config_error *error)
{
	struct choice choice = { .written = text_of(node) };

	for (uint32_t i = 0; i < value->enumeration.count; i++) {
		if (strcmp(value->enumeration.strings[i].str, choice.written) == 0)
			return true;
		choice_add(&choice, value->enumeration.strings[i].str);
	}
	return fail_choice(document, error, config_document_line(document, path->text), path, "word", &choice);
}

static bool explain_text(const struct config_document *document, const yaml_node_t *node,
			 const cyaml_schema_value_t *value, const struct config_path *path, struct config_error *error)
{
	size_t length = strlen(text_of(node));

	if (length < value->string.min || config_document_is_null(node))
		return config_document_fail(document, error, path, "is empty: a value is needed, or no such key");
	if (length > value->string.max)
		return config_document_fail(document, error, path, "is %zu octets long: up to %u are possible", length,
					    value->string.max);
	return true;
}

static bool explain_scalar(const struct config_document *document, const yaml_node_t *node,
			   const cyaml_schema_value_t *value, const struct config_path *path,
			   struct config_error *error)
{
	if (node->type != YAML_SCALAR_NODE)
		return fail_type(document, error, path, node, "a single value is possible");
	if (value->type == CYAML_ENUM)
		return config_document_is_null(node)
			   ? fail_type(document, error, path, node, "a word is needed, or no such key")
			   : explain_word(document, node, value, path, error);
	return explain_text(document, node, value, path, error);
}

/* A list of texts or sections, or of words (`decapsulate`). */
static bool explain_sequence(const struct config_document *document, const yaml_node_t *node,
			     const cyaml_schema_value_t *value, const struct config_path *path,
			     struct config_error *error)
{
	const yaml_node_item_t *items = node->data.sequence.items.start;
	bool null = config_document_is_null(node);
	size_t count = 0;

	if (!null && node->type != YAML_SEQUENCE_NODE)
		return fail_type(document, error, path, node,
				 "a list is needed, as in [ONE, TWO] or with '- ' on each line");
	if (!null)
		count = (size_t)(node->data.sequence.items.top - items);
	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *item = config_document_node(document, items[i]);
		struct config_path place = config_path_index(path, i);

		if (value->type == CYAML_SEQUENCE) {
			if (!explain_node(document, item, value->sequence.entry, &place, error))
				return false;
		} else if (item->type != YAML_SCALAR_NODE) {
			return fail_type(document, error, &place, item, "a word is possible");
		} else if (!explain_word(document, item, value, &place, error)) {
			return false;
		}
	}
	if (value->type != CYAML_SEQUENCE)
		return true;
	if (count < value->sequence.min)
		return config_document_fail(document, error, path, "has %zu entr%s: at least %u %s needed", count,
					    count == 1 ? "y" : "ies", value->sequence.min,
					    value->sequence.min == 1 ? "is" : "are");
	if (count > value->sequence.max)
		return config_document_fail(document, error, path, "has %zu entries: up to %u are possible", count,
					    value->sequence.max);
	return true;
}

static bool explain_key(const struct config_document *document, const yaml_node_t *key,
			const cyaml_schema_value_t *value, const struct config_path *path, struct config_error *error)
{
	struct choice choice = { .written = text_of(key) };
	struct config_path place = config_path_key(path, text_of(key));

	for (const cyaml_schema_field_t *field = value->mapping.fields; field->key; field++)
		choice_add(&choice, field->key);
	return fail_choice(document, error, (unsigned)key->start_mark.line + 1, &place, "key", &choice);
}

static bool explain_mapping(const struct config_document *document, const yaml_node_t *node,
			    const cyaml_schema_value_t *value, const struct config_path *path,
			    struct config_error *error)
{
	bool null = config_document_is_null(node);

	if (!null && node->type != YAML_MAPPING_NODE)
		return fail_type(document, error, path, node, "a mapping is needed, with 'KEY: VALUE' on each line");
	for (const yaml_node_pair_t *pair = null ? NULL : node->data.mapping.pairs.start;
	     pair && pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = config_document_node(document, pair->key);
		const cyaml_schema_field_t *field = config_schema_field(value, text_of(key));
		struct config_path place = config_path_key(path, text_of(key));

		if (!field)
			return explain_key(document, key, value, path, error);
		if (!explain_node(document, config_document_node(document, pair->value), &field->value, &place, error))
			return false;
	}
	for (const cyaml_schema_field_t *field = value->mapping.fields; field->key; field++)
		if (!(field->value.flags & CYAML_FLAG_OPTIONAL) &&
		    !config_document_value(document, null ? NULL : node, field->key, NULL))
			return config_document_fail(document, error, path, "has no '%s': it is needed", field->key);
	return true;
}

/* One prefix or a list of them. */
static bool explain_side(const struct config_document *document, const yaml_node_t *node,
			 const struct config_path *path, struct config_error *error)
{
	const cyaml_schema_value_t *prefixes = &config_schema_side.mapping.fields[0].value;

	if (node->type == YAML_MAPPING_NODE)
		return fail_type(document, error, path, node,
				 "a prefix, a list of prefixes or 'any' is possible; IPv6 may need quotes");
	if (node->type == YAML_SEQUENCE_NODE)
		return explain_sequence(document, node, prefixes, path, error);
	return explain_text(document, node, prefixes->sequence.entry, path, error);
}

static bool explain_node(const struct config_document *document, const yaml_node_t *node,
			 const cyaml_schema_value_t *value, const struct config_path *path, struct config_error *error)
{
	if (value == &config_schema_side)
		return explain_side(document, node, path, error);
	switch (config_schema_node_type(value)) {
	case YAML_MAPPING_NODE:
		return explain_mapping(document, node, value, path, error);
	case YAML_SEQUENCE_NODE:
		return explain_sequence(document, node, value, path, error);
	default:
		return explain_scalar(document, node, value, path, error);
	}
}

bool config_schema_explain(const struct config_document *document, const cyaml_schema_value_t *value,
			   struct config_error *error)
{
	return explain_node(document, document->root, value, &(struct config_path){ "" }, error);
}
