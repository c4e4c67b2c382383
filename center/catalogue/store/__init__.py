"""Every query of the catalogue."""

from center.catalogue.store.facets import FacetStore
from center.catalogue.store.listings import ListingStore
from center.catalogue.store.search import CatalogueStore
from center.catalogue.store.standings import StandingStore

__all__ = ["CatalogueStore", "FacetStore", "ListingStore", "StandingStore"]
