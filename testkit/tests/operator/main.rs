//! What operators see and do.

mod access;
mod actions;
mod counts;
mod deeds;
mod letters;
mod pipeline;
mod search;

use serde_json::Value;
use sluice_testkit::{Client, File, World, files};

const ACTIONS: &str = "/v1/operator/uploads/actions";
const SESSION: &str = "/v1/operator/session";

/// An operator who reaches all tenants.
async fn operator(world: &World) -> Client {
    world.client_with(Some(&world.key_of_all(&["operator"]).await))
}

async fn operator_of(world: &World, tenant: &str) -> Client {
    world.client_with(Some(&world.key(tenant, &["operator"]).await))
}

async fn act(operator: &Client, order: Value) -> Value {
    operator.post(ACTIONS, &order).await.expect(200).body
}

async fn report(operator: &Client, id: &str) -> Value {
    operator.get(&format!("/v1/operator/uploads/{id}")).await.expect(200).body
}

/// The ids of a page.
async fn found(operator: &Client, query: &str) -> Vec<String> {
    let page = operator.get(&format!("/v1/operator/uploads?{query}")).await.expect(200).body;
    let ids = page["data"].as_array().expect("a list").iter();
    ids.map(|upload| upload["id"].as_str().expect("an id").to_owned()).collect()
}

/// Bytes that are not what they are declared to be.
fn disguised() -> File {
    File { bytes: b"#!/bin/sh\necho no picture at all\n".to_vec(), ..files::png() }
}
