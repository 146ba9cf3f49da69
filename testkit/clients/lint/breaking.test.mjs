// The comparison of documents finds what breaks clients, and lets pass what doesn't: node --test

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breaking } from './breaking.mjs';

const document = () => ({
    paths: {
        '/files': {
            post: {
                operationId: 'createFile',
                security: [{ key: [] }, { token: [] }],
                parameters: [
                    { in: 'query', name: 'limit', required: false, schema: { type: 'integer', format: 'int64', maximum: 100 } },
                    { in: 'header', name: 'Prefer', required: true, schema: { type: 'string' } },
                ],
                requestBody: { required: false, content: { 'application/json': { schema: { $ref: '#/components/schemas/NewFile' } } } },
                responses: {
                    201: {
                        content: { 'application/json': { schema: { $ref: '#/components/schemas/File' } } },
                        headers: { Location: { required: true, schema: { type: 'string' } } },
                    },
                    404: { content: { 'application/problem+json': { schema: { type: 'object' } } } },
                },
            },
            get: { operationId: 'listFiles', responses: { 200: {} } },
        },
    },
    components: {
        schemas: {
            NewFile: {
                type: 'object',
                required: ['name'],
                properties: {
                    name: { type: 'string', minLength: 1, maxLength: 9 },
                    kind: { $ref: '#/components/schemas/Kind' },
                    tags: { type: 'array', items: { type: 'string' }, maxItems: 5 },
                    more: { $ref: '#/components/schemas/Map' },
                    way: { oneOf: [{ $ref: '#/components/schemas/Map' }, { $ref: '#/components/schemas/Other' }] },
                },
            },
            File: {
                type: 'object',
                required: ['id', 'kind'],
                properties: {
                    id: { type: 'string', format: 'uuid' },
                    kind: { $ref: '#/components/schemas/Kind' },
                    size: { type: 'integer', format: 'int64' },
                    inside: { type: 'array', items: { $ref: '#/components/schemas/File' } },
                    way: { oneOf: [{ $ref: '#/components/schemas/Map' }, { $ref: '#/components/schemas/Other' }] },
                },
            },
            Kind: { type: 'string', enum: ['a', 'b'] },
            Map: { type: 'object', additionalProperties: { type: 'string' } },
            Other: { type: 'object', properties: {} },
        },
    },
});

/// What is found once the document was changed so.
function after(change) {
    const changed = document();
    const operation = changed.paths['/files'].post;
    const { NewFile: taken, File: given, ...types } = changed.components.schemas;
    change({ changed, operation, taken, given, types, ok: operation.responses[201] });
    return breaking(document(), changed);
}

const BREAKS = {
    'createFile: POST /files is gone': ({ changed }) => delete changed.paths['/files'].post,
    'listFiles: GET /files is gone': ({ changed }) => {
        changed.paths['/items'] = changed.paths['/files'];
        changed.paths['/files'] = { post: changed.paths['/files'].post };
    },
    'createFile: it is called makeFile now': ({ operation }) => (operation.operationId = 'makeFile'),
    'createFile: token is let in no more': ({ operation }) => operation.security.pop(),
    'listFiles: it needs a key now': ({ changed }) => (changed.paths['/files'].get.security = [{ key: [] }]),

    'createFile: the query parameter limit is gone': ({ operation }) => operation.parameters.shift(),
    'createFile: the query parameter limit must be given now': ({ operation }) => (operation.parameters[0].required = true),
    'createFile: the query parameter limit has a stricter maximum: 50': ({ operation }) => (operation.parameters[0].schema.maximum = 50),
    'createFile: the query parameter page is new and must be given': ({ operation }) =>
        operation.parameters.push({ in: 'query', name: 'page', required: true, schema: { type: 'string' } }),

    'createFile: a body must be sent now': ({ operation }) => (operation.requestBody.required = true),
    'createFile: it takes no body any more': ({ operation }) => delete operation.requestBody,
    'createFile: the body is no application/json any more': ({ operation }) =>
        (operation.requestBody.content = { 'text/plain': { schema: { type: 'string' } } }),
    'listFiles: a body is new and must be sent': ({ changed }) =>
        (changed.paths['/files'].get.requestBody = { required: true, content: {} }),

    'createFile: NewFile.kind is gone': ({ taken }) => delete taken.properties.kind,
    'createFile: NewFile.size is new and must be given': ({ taken }) => {
        taken.properties.size = { type: 'integer' };
        taken.required.push('size');
    },
    'createFile: NewFile.kind must be given now': ({ taken }) => taken.required.push('kind'),
    'createFile: the type of NewFile.name was string and is integer': ({ taken }) => (taken.properties.name = { type: 'integer' }),
    'createFile: the format of NewFile.name was not said and is uri': ({ taken }) => (taken.properties.name.format = 'uri'),
    'createFile: NewFile.name has a stricter maxLength: 8': ({ taken }) => (taken.properties.name.maxLength = 8),
    'createFile: NewFile.name has a stricter minLength: 2': ({ taken }) => (taken.properties.name.minLength = 2),
    'createFile: NewFile.name has a stricter pattern: ^a': ({ taken }) => (taken.properties.name.pattern = '^a'),
    'createFile: NewFile.name takes but some values now': ({ taken }) => (taken.properties.name.enum = ['a']),
    'createFile: NewFile.tags has a stricter maxItems: 4': ({ taken }) => (taken.properties.tags.maxItems = 4),
    'createFile: NewFile.tags has a stricter uniqueItems: true': ({ taken }) => (taken.properties.tags.uniqueItems = true),
    'createFile: the entries of NewFile.tags has a stricter maxLength: 3': ({ taken }) => (taken.properties.tags.items.maxLength = 3),
    'createFile: Kind takes no b any more': ({ types }) => types.Kind.enum.pop(),
    'createFile: NewFile takes no other fields any more': ({ taken }) => (taken.additionalProperties = false),
    'createFile: the values of Map has a stricter maxLength: 3': ({ types }) => (types.Map.additionalProperties.maxLength = 3),
    'createFile: NewFile.way takes no Other any more': ({ taken }) => taken.properties.way.oneOf.pop(),
    'createFile: NewFile.way is no union any more': ({ taken }) => delete taken.properties.way.oneOf,

    'createFile: the status 404 is gone': ({ operation }) => delete operation.responses[404],
    'createFile: the status 202 is new and no error': ({ operation }) => (operation.responses[202] = {}),
    'createFile: the answer 404 is no application/problem+json any more': ({ operation }) => (operation.responses[404].content = {}),
    'createFile: the answer 201 can be text/plain now': ({ ok }) => (ok.content['text/plain'] = { schema: { type: 'string' } }),
    'createFile: the header Location of the answer 201 is gone': ({ ok }) => (ok.headers = {}),
    'createFile: the header Location of the answer 201 may be missing now': ({ ok }) => (ok.headers.Location.required = false),

    'createFile: File.size is gone': ({ given }) => {
        given.properties.length = given.properties.size;
        delete given.properties.size;
    },
    'createFile: File.id may be missing now': ({ given }) => given.required.shift(),
    'createFile: the type of File.size was integer and is string': ({ given }) => (given.properties.size.type = 'string'),
    'createFile: the format of File.id was uuid and is not said': ({ given }) => delete given.properties.id.format,
    'createFile: the type Kind of File.kind is called Sort now': ({ given, types, changed }) => {
        changed.components.schemas.Sort = types.Kind;
        given.properties.kind = { $ref: '#/components/schemas/Sort' };
    },
    'createFile: the values of Map can be anything now': ({ types }) => delete types.Map.additionalProperties,
};

for (const [sentence, change] of Object.entries(BREAKS)) {
    test(`found: ${sentence}`, () => assert.deepEqual(after(change).filter((found) => found === sentence), [sentence]));
}

const HARMLESS = {
    'nothing': () => {},
    'other words': ({ operation, given }) => (operation.summary = given.description = 'Other words'),
    'a new operation': ({ changed }) => (changed.paths['/new'] = { get: { operationId: 'new', responses: {} } }),
    'a new optional parameter': ({ operation }) =>
        operation.parameters.push({ in: 'query', name: 'page', required: false, schema: { type: 'string' } }),
    'a parameter that may be left out now': ({ operation }) => (operation.parameters[1].required = false),
    'a wider bound': ({ operation, taken }) => (operation.parameters[0].schema.maximum = taken.properties.name.maxLength = 200),
    'a bound less': ({ taken }) => delete taken.properties.name.minLength,
    'a new optional field to send': ({ taken }) => (taken.properties.size = { type: 'integer' }),
    'a field that may be left out now': ({ taken }) => (taken.required = []),
    'another type of body': ({ operation }) => (operation.requestBody.content['text/plain'] = { schema: { type: 'string' } }),
    'a new way in': ({ operation }) => operation.security.push({ cookie: [] }),
    'no key needed any more': ({ operation }) => operation.security.push({}),
    'a new field in an answer': ({ given }) => (given.properties.etag = { type: 'string' }),
    'a field of an answer that is always there now': ({ given }) => given.required.push('size'),
    'a bound in an answer': ({ given }) => (given.properties.size.maximum = 5),
    'a new value, as clients accept those they do not know': ({ types }) => types.Kind.enum.push('c'),
    'a new kind in an answer': ({ given }) => given.properties.way.oneOf.push({ $ref: '#/components/schemas/Kind' }),
    'a new error': ({ operation }) => (operation.responses[409] = {}),
    'a new header': ({ ok }) => (ok.headers.ETag = { schema: { type: 'string' } }),
};

for (const [name, change] of Object.entries(HARMLESS)) {
    test(`let pass: ${name}`, () => assert.deepEqual(after(change), []));
}
