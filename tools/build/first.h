/* first.h - what all sources of the system begin with.  It has nothing in it.
 *
 * gcc takes a precompiled header, HEADER.gch, for the first header of a source, and believes what is in it, down to
 * addresses of functions.  A student's tree could have one, which would run in the grader's compiler.  This header is
 * first, and so there is none.
 */
