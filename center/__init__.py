"""The center: registers capabilities, publishes them to a store, steers the provinces."""

from capability_sdk.kit.light import leave_out

# Their own command lines and coloured error pages: terminals and lexers that no service needs.
leave_out("httpx._main", "mako.ext.pygmentplugin")
