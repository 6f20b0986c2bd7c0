//! API keys are shown once, kept as hashes, and die when they are revoked.

mod support;

use strowger_store::{Role, StoreError};
use support::Database;

#[tokio::test]
async fn a_key_opens_what_it_was_made_for() {
    let db = Database::new().await;
    let tenant = db.tenant("acme").await.id;
    let (_, operator) = db.store.operator_keys().create("ops").await.unwrap();
    let (_, admin) = db.store.tenant(tenant).keys().create("admin").await.unwrap();
    let found = db.store.authenticate(operator.expose()).await.unwrap().unwrap();
    assert_eq!((found.role, found.tenant), (Role::Operator, None));
    let found = db.store.authenticate(admin.expose()).await.unwrap().unwrap();
    assert_eq!((found.role, found.tenant), (Role::Admin, Some(tenant)));
}

#[tokio::test]
async fn anything_but_the_whole_key_opens_nothing() {
    let db = Database::new().await;
    let (_, first) = db.store.operator_keys().create("one").await.unwrap();
    let (_, second) = db.store.operator_keys().create("two").await.unwrap();
    let (first, second) = (first.expose(), second.expose());
    let swapped = format!("{}{}", &first[..20], &second[20..]);
    let shortened = &first[..first.len() - 1];
    let upper = first.to_uppercase();
    for wrong in ["", "sk_", "sk__", &swapped, shortened, &upper, &first[3..]] {
        assert_eq!(db.store.authenticate(wrong).await.unwrap(), None, "{wrong}");
    }
}

#[tokio::test]
async fn the_secret_is_nowhere_in_the_database() {
    let db = Database::new().await;
    let (key, text) = db.store.operator_keys().create("ops").await.unwrap();
    db.store.authenticate(text.expose()).await.unwrap().unwrap();
    let secret = text.expose().rsplit('_').next().unwrap().to_owned();
    assert!(!format!("{text:?}{key:?}").contains(&secret));
    db.store.close().await;
    for file in std::fs::read_dir(db.folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
}

#[tokio::test]
async fn a_revoked_key_is_dead_at_once_and_stays_listed() {
    let db = Database::new().await;
    let keys = db.store.operator_keys();
    let (key, text) = keys.create("ops").await.unwrap();
    assert!(db.store.authenticate(text.expose()).await.unwrap().is_some());
    keys.revoke(key.id).await.unwrap();
    assert_eq!(db.store.authenticate(text.expose()).await.unwrap(), None);
    let listed = keys.list().await.unwrap();
    assert!(listed[0].revoked_at.is_some() && listed[0].last_used_at.is_some());
}

#[tokio::test]
async fn nobody_revokes_anothers_key() {
    let db = Database::new().await;
    let (a, b) = (db.tenant("a").await.id, db.tenant("b").await.id);
    let (key, text) = db.store.tenant(a).keys().create("a").await.unwrap();
    for stranger in [db.store.tenant(b).keys(), db.store.operator_keys()] {
        assert!(matches!(stranger.revoke(key.id).await, Err(StoreError::NotFound { .. })));
    }
    assert!(db.store.authenticate(text.expose()).await.unwrap().is_some());
}
