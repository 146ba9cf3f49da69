//! Operations of one path that are declared in several files, put together: the framework would show only the last.

use std::collections::HashMap;

use http::Method;
use poem::endpoint::BoxEndpoint;
use poem_openapi::OpenApi;
use poem_openapi::registry::{MetaApi, MetaPath, Registry};

/// The operations of `T`, path by path.
pub struct Merged<T>(pub T);

impl<T: OpenApi> OpenApi for Merged<T> {
    fn meta() -> Vec<MetaApi> {
        let mut merged = Vec::<MetaPath>::new();
        for path in T::meta().into_iter().flat_map(|api| api.paths) {
            match merged.iter_mut().find(|known| known.path == path.path) {
                Some(known) => known.operations.extend(path.operations),
                None => merged.push(path),
            }
        }
        vec![MetaApi { paths: merged }]
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, routes: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        self.0.add_routes(routes);
    }
}
