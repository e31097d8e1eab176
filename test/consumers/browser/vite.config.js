// As projects have it: no setting is needed.
export default {};
