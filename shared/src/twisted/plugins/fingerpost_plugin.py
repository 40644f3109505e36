"""Lets twistd find the store, and all of Fingerpost in one process."""

from fingerpost.allinone import AllInOne
from fingerpost.ops.plugin import ServicePlugin

store = ServicePlugin("finger-store", "store", "fingerpost.store.tap", "The status store that every frontend asks.")
whole = AllInOne("fingerpost", "All of Fingerpost in one process: the store and every frontend that is installed.")
