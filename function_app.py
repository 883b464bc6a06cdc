# A marker: the Functions worker looks for this file, and then imports the package function_app/ beside it.
