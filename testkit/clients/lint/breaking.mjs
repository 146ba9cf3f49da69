// Which changes between two OpenAPI documents break clients of the older one.
//
// A request that was good must stay good; an answer must stay readable; generated code must keep its names. What our text
// prepares clients for breaks nothing: new fields, values of enumerations, kinds of unions and errors in answers. Only what our
// documents use is compared: no allOf, anyOf or not, and no default responses.

const METHODS = ['delete', 'get', 'head', 'options', 'patch', 'post', 'put', 'trace'];

/// A sentence for each change that breaks.
export function breaking(older, newer) {
    const found = new Set();
    for (const [path, methods] of Object.entries(older.paths)) {
        for (const method of METHODS.filter((method) => method in methods)) {
            const [was, is] = [methods[method], newer.paths[path]?.[method]];
            const tell = (what) => found.add(`${was.operationId}: ${what}`);
            if (is) compareOperation(new Walk(older, newer, tell), was, is, tell);
            else tell(`${method.toUpperCase()} ${path} is gone`);
        }
    }
    return [...found];
}

function compareOperation(walk, was, is, tell) {
    if (was.operationId !== is.operationId) tell(`it is called ${is.operationId} now`);
    compareSecurity(walk, was, is, tell);
    compareParameters(walk, was.parameters ?? [], is.parameters ?? [], tell);
    compareBody(walk, was.requestBody, is.requestBody, tell);
    compareResponses(walk, was.responses, is.responses, tell);
}

/// Each way to be let in has to stay one.
function compareSecurity({ older, newer }, was, is, tell) {
    const ways = (operation, document) => operation.security ?? document.security ?? [];
    const kept = ways(is, newer);
    if (kept.length === 0) return;
    if (ways(was, older).length === 0 && !kept.some(isOpen)) tell('it needs a key now');
    for (const way of ways(was, older)) {
        const isKept = kept.some((other) => isOpen(other) || Object.keys(other).every((name) => name in way));
        if (!isKept) tell(`${Object.keys(way).join(' and ') || 'nobody'} is let in no more`);
    }
}

const isOpen = (way) => Object.keys(way).length === 0;

function compareParameters(walk, was, is, tell) {
    const find = (list, { name, in: place }) => list.find((other) => other.name === name && other.in === place);
    for (const parameter of was) {
        const [now, name] = [find(is, parameter), `the ${parameter.in} parameter ${parameter.name}`];
        if (!now) tell(`${name} is gone`);
        else {
            if (now.required && !parameter.required) tell(`${name} must be given now`);
            walk.schema(parameter.schema, now.schema, name, REQUEST);
        }
    }
    for (const parameter of is.filter((parameter) => parameter.required && !find(was, parameter))) {
        tell(`the ${parameter.in} parameter ${parameter.name} is new and must be given`);
    }
}

function compareBody(walk, was, is, tell) {
    if (!was) {
        if (is?.required) tell('a body is new and must be sent');
        return;
    }
    if (!is) return tell('it takes no body any more');
    if (is.required && !was.required) tell('a body must be sent now');
    compareContent(walk, was.content, is.content, 'the body', REQUEST, tell);
}

function compareResponses(walk, was, is, tell) {
    for (const [status, response] of Object.entries(was)) {
        const now = is[status];
        if (!now) {
            tell(`the status ${status} is gone`);
            continue;
        }
        compareContent(walk, response.content ?? {}, now.content ?? {}, `the answer ${status}`, RESPONSE, tell);
        compareHeaders(walk, response.headers ?? {}, now.headers ?? {}, status, tell);
    }
    // A client has to read it, while an error that it doesn't know it treats by its class.
    for (const status of Object.keys(is).filter((status) => /^[23]/.test(status) && !(status in was))) {
        tell(`the status ${status} is new and no error`);
    }
}

function compareContent(walk, was, is, name, direction, tell) {
    for (const [type, media] of Object.entries(was)) {
        if (!(type in is)) tell(`${name} is no ${type} any more`);
        else walk.schema(media.schema, is[type].schema, name, direction);
    }
    if (direction === RESPONSE) {
        for (const type of Object.keys(is).filter((type) => !(type in was))) tell(`${name} can be ${type} now`);
    }
}

function compareHeaders(walk, was, is, status, tell) {
    for (const [header, before] of Object.entries(was)) {
        const [now, name] = [is[header], `the header ${header} of the answer ${status}`];
        if (!now) tell(`${name} is gone`);
        else {
            if (before.required && !now.required) tell(`${name} may be missing now`);
            walk.schema(before.schema, now.schema, name, RESPONSE);
        }
    }
}

const REQUEST = 'request', RESPONSE = 'response';

// The bounds of values, and how a stricter one is told from a laxer one.
const LEAST = ['exclusiveMinimum', 'minItems', 'minLength', 'minProperties', 'minimum'];
const MOST = ['exclusiveMaximum', 'maxItems', 'maxLength', 'maxProperties', 'maximum'];

/// Compares schemas, following references, each pair of them once.
class Walk {
    constructor(older, newer, tell) {
        Object.assign(this, { older, newer, tell, seen: new Set() });
    }

    schema(was, is, name, direction) {
        if (was.$ref && is.$ref) {
            const pair = [was.$ref, is.$ref, direction].join();
            if (this.seen.has(pair)) return;
            this.seen.add(pair);
            const [before, now] = [was, is].map((schema) => schema.$ref.split('/').at(-1));
            if (before !== now) this.tell(`the type ${before} of ${name} is called ${now} now`);
            // What is wrong inside a type is said of the type, wherever it is used.
            name = before;
        }
        [was, is] = [resolve(was, this.older), resolve(is, this.newer)];
        this.kind(was, is, name);
        this.values(was, is, name, direction);
        if (direction === REQUEST) this.bounds(was, is, name);
        this.fields(was, is, name, direction);
        this.variants(was, is, name, direction);
        if (was.items && is.items) this.schema(was.items, is.items, `the entries of ${name}`, direction);
        this.rest(was, is, name, direction);
    }

    kind(was, is, name) {
        for (const part of ['type', 'format']) {
            if (was[part] !== is[part]) {
                this.tell(`the ${part} of ${name} was ${was[part] ?? 'not said'} and is ${is[part] ?? 'not said'}`);
            }
        }
    }

    values(was, is, name, direction) {
        if (direction === RESPONSE || !is.enum) return;
        if (!was.enum) this.tell(`${name} takes but some values now`);
        for (const value of (was.enum ?? []).filter((value) => !is.enum.includes(value))) {
            this.tell(`${name} takes no ${value} any more`);
        }
    }

    bounds(was, is, name) {
        const told = (part) => this.tell(`${name} has a stricter ${part}: ${is[part]}`);
        const known = (value) => value !== undefined && value !== false;
        LEAST.filter((part) => known(is[part]) && !(was[part] >= is[part])).forEach(told);
        MOST.filter((part) => known(is[part]) && !(was[part] <= is[part])).forEach(told);
        // Whether another pattern takes as much nobody can tell.
        if (is.pattern && is.pattern !== was.pattern) told('pattern');
        if (is.uniqueItems && !was.uniqueItems) told('uniqueItems');
    }

    fields(was, is, name, direction) {
        const [before, now] = [was.properties ?? {}, is.properties ?? {}];
        const required = (schema, field) => (schema.required ?? []).includes(field);
        for (const [field, schema] of Object.entries(before)) {
            if (!(field in now)) {
                this.tell(`${name}.${field} is gone`);
                continue;
            }
            if (direction === REQUEST && required(is, field) && !required(was, field)) {
                this.tell(`${name}.${field} must be given now`);
            }
            if (direction === RESPONSE && required(was, field) && !required(is, field)) {
                this.tell(`${name}.${field} may be missing now`);
            }
            this.schema(schema, now[field], `${name}.${field}`, direction);
        }
        for (const field of Object.keys(now).filter((field) => !(field in before))) {
            if (direction === REQUEST && required(is, field)) this.tell(`${name}.${field} is new and must be given`);
        }
    }

    /// The kinds of a union are told apart by the names of their types.
    variants(was, is, name, direction) {
        if (!was.oneOf || !is.oneOf) {
            if (was.oneOf || is.oneOf) this.tell(`${name} ${is.oneOf ? 'is a union now' : 'is no union any more'}`);
            return;
        }
        for (const variant of was.oneOf) {
            const now = is.oneOf.find((other) => other.$ref === variant.$ref);
            if (now) this.schema(variant, now, name, direction);
            else if (direction === REQUEST) this.tell(`${name} takes no ${variant.$ref.split('/').at(-1)} any more`);
        }
    }

    /// Of the fields that are not listed: none, or what they hold.
    rest(was, is, name, direction) {
        const [before, now] = [was.additionalProperties, is.additionalProperties];
        if (now === false && before !== false && direction === REQUEST) this.tell(`${name} takes no other fields any more`);
        if (before?.constructor === Object && now?.constructor === Object) {
            this.schema(before, now, `the values of ${name}`, direction);
        } else if (before?.constructor === Object && now !== false) {
            this.tell(`the values of ${name} can be anything now`);
        }
    }
}

function resolve(schema, document) {
    if (!schema.$ref) return schema;
    return schema.$ref.slice(2).split('/').reduce((value, part) => value[part], document);
}
