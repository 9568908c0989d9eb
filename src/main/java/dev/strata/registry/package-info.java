/**
 * A client of OCI distribution: pull, push, mount, resume, referrers, tokens.
 *
 * <p>Source: OCI distribution specification 1.1; tokens as the distribution project's "Token Authentication" and
 * "OAuth2 Token Authentication" documents have them; credentials as docker's {@code config.json} has them.
 *
 * <p>Words: an <em>endpoint</em> is the API of one registry or mirror, a <em>call</em> is one request as its caller
 * means it (it may become several exchanges: a token, a redirect, another attempt), an <em>answer</em> is what came
 * back. Read {@link dev.strata.registry.Registry} first, then {@code Calls}, which is the road of every request.
 */
@NullMarked
package dev.strata.registry;

import org.jspecify.annotations.NullMarked;
